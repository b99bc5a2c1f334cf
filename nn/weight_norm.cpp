#include "tapehead/nn/weight_norm.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

// Of each position of the axis, [n, 1, …], or of all elements, [].
Tensor norm_except(const Tensor& x, std::optional<int64_t> axis) {
  if (!axis) return linalg_norm(x);
  std::vector<int64_t> others;
  for (int64_t a = 0; a < x.dim(); ++a)
    if (a != *axis) others.push_back(a);
  return others.empty() ? abs(x) : norm(x, 2, Shape(others), true);
}

int64_t checked_axis(const Tensor& x, int64_t axis, const char* op) {
  if (axis < -x.dim() || axis >= x.dim())
    throw IndexError(fmt::format("{}: axis = {} of a parameter {}", op, axis, x.shape().str()));
  return axis < 0 ? axis + x.dim() : axis;
}

// Makes `part` the parameter NAME again.
Tensor restored(const Scope& at, const std::string& name, const std::string& part,
                const Tensor& parameter, const Tensor& value) {
  const NoGradGuard no_grad;
  parameter.copy_(value);
  at.rename(part, name);
  return parameter;
}

// The same start for every weight: power iterations forget it.
Tensor unit_vector(int64_t size) {
  Generator generator{.seed = 0, .draws = 0};
  const Tensor x = randn({size}, f32, generator);
  return x / linalg_norm(x);
}

}  // namespace

WeightNorm::WeightNorm(const Scope& at, const WeightNormOptions& options)
    : at_(at), options_(options) {
  const std::string& name = options_.name;
  v = at_.rename(name, name + "_v");
  Shape shape;
  if (options_.axis) {
    options_.axis = checked_axis(v, *options_.axis, "weight_norm");
    shape = Shape(std::vector<int64_t>(static_cast<size_t>(v.dim()), 1));
    shape[static_cast<int>(*options_.axis)] = v.size(*options_.axis);
  }
  g = at_.param(name + "_g", shape, [from = v, axis = options_.axis](const Tensor& p, Generator&) {
    const NoGradGuard no_grad;
    p.copy_(norm_except(from, axis));
  });
}

Tensor WeightNorm::operator()() const { return v * (g / norm_except(v, options_.axis)); }

Tensor WeightNorm::remove() const {
  const Tensor value = (*this)().detach();
  at_.remove(options_.name + "_g");
  return restored(at_, options_.name, options_.name + "_v", v, value);
}

SpectralNorm::SpectralNorm(const Scope& at, const SpectralNormOptions& options)
    : at_(at), options_(options) {
  if (options_.n_power_iterations < 1)
    throw ValueError(fmt::format("spectral_norm: n_power_iterations = {}; at least 1",
                                 options_.n_power_iterations));
  const std::string& name = options_.name;
  orig = at_.rename(name, name + "_orig");
  options_.axis = checked_axis(orig, options_.axis, "spectral_norm");
  const int64_t rows = orig.size(options_.axis);
  u = at_.buffer(name + "_u", unit_vector(rows));
  v = at_.buffer(name + "_v", unit_vector(orig.numel() / std::max<int64_t>(rows, 1)));
}

// The weight as a matrix whose rows are the positions of the axis.
Tensor SpectralNorm::matrix() const {
  return orig.movedim(options_.axis, 0).reshape({orig.size(options_.axis), -1});
}

Tensor SpectralNorm::divided(const Tensor& m) const {
  return orig / dot(u.clone(), mv(m, v.clone()));  // later calls change u and v
}

Tensor SpectralNorm::operator()() const {
  const Tensor m = matrix();
  if (at_.training()) {
    const NoGradGuard no_grad;
    for (int64_t i = 0; i < options_.n_power_iterations; ++i) {
      v.copy_(normalize(mv(m.transpose(0, 1), u), 2, 0, options_.eps));
      u.copy_(normalize(mv(m, v), 2, 0, options_.eps));
    }
  }
  return divided(m);
}

Tensor SpectralNorm::remove() const {
  const Tensor value = divided(matrix()).detach();
  at_.remove(options_.name + "_u");
  at_.remove(options_.name + "_v");
  return restored(at_, options_.name, options_.name + "_orig", orig, value);
}

}  // namespace tapehead::nn
