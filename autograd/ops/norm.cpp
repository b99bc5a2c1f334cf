// layer_norm, rms_norm.
#include "tapehead/autograd/ops/norm.h"

#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/norm.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/loop.h"

namespace tapehead {
namespace {

// Common base of both norms. Saves the mean and inverse standard deviation of each row.
struct Norm : CustomOp {
  int axes = 1;  // number of normalised trailing axes
  double eps = 0;
  bool rms = false;
  Tensor stats;

  Tensor run(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    save(x), save(weight);
    core::NormRows rows(x, size(x), weight, rms);
    Tensor y = rows.forward(bias, eps);
    stats = rows.stats;
    return y;
  }

  std::array<Tensor, 3> gradients(const Tensor& dy, bool of_bias) const {
    const Tensor x = saved(0), weight = saved(1);
    const bool of_x = needs_grad(0), of_weight = needs_grad(1);
    if (is_grad_enabled()) return recorded(x, weight, dy);
    core::NormRows rows(x, size(x), weight, rms);
    rows.stats = stats;
    const auto [dx, dweight, dbias] = rows.backward(dy, of_x, of_weight, of_bias);
    return {dx, shaped(dweight, x), shaped(dbias, x)};
  }

 private:
  int64_t size(const Tensor& x) const {
    int64_t n = 1;
    for (int i = x.dim() - axes; i < x.dim(); ++i) n *= x.shape()[i];
    return n;
  }
  // Reshapes a flat gradient to the normalised axes.
  Tensor shaped(const Tensor& flat, const Tensor& x) const {
    if (!flat.defined()) return {};
    const Shape last(std::span(x.shape().end() - axes, static_cast<size_t>(axes)));
    return core::view_of(flat, last, contiguous_strides(last), 0);
  }
  // With g = dy weight and z = (x - mean) rstd: dx = rstd (g - mean(g) - z mean(g z)).
  std::array<Tensor, 3> recorded(const Tensor& x, const Tensor& weight, const Tensor& dy) const {
    Shape last;
    for (int i = 1; i <= axes; ++i) last.push_back(-i);
    const Tensor g = weight.defined() ? dy * weight : dy;
    const Tensor centred = rms ? x : x - mean(x, last, true);
    const Tensor rstd = rsqrt(mean(square(centred), last, true) + eps);
    const Tensor z = centred * rstd;
    Tensor dx = g - z * mean(g * z, last, true);
    if (!rms) dx = dx - mean(g, last, true);
    return {rstd * dx, dy * z, dy};  // the engine sums over broadcast axes
  }
  void forget() override { stats = {}; }
};

struct LayerNorm : Norm {
  static constexpr const char* kName = "layer_norm";
  static constexpr Batching kBatching = Batching::adjusted;
  static bool batch(const Batch& b, Tensor&, Tensor&, Tensor&, int&, double&) {
    return !b.is_mapped[1] && !b.is_mapped[2];
  }
  Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias, int last, double tiny) {
    axes = last, eps = tiny;
    return run(x, weight, bias);
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const { return gradients(dy, needs_grad(2)); }
};

struct RmsNorm : Norm {
  static constexpr const char* kName = "rms_norm";
  static constexpr Batching kBatching = Batching::adjusted;
  static bool batch(const Batch& b, Tensor&, Tensor&, int&, double&) { return !b.is_mapped[1]; }
  Tensor forward(const Tensor& x, const Tensor& weight, int last, double tiny) {
    axes = last, eps = tiny, rms = true;
    return run(x, weight, {});
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const auto [dx, dweight, none] = gradients(dy, false);
    return {dx, dweight};
  }
};

// The normalised sizes: the weight's shape, or the last axis without a weight.
Shape normalized_by(const char* op, const Tensor& x, const Tensor& weight) {
  if (weight.defined()) return weight.shape();
  if (x.dim() == 0) throw ShapeError(fmt::format("{}: a 0-d tensor has no axis to normalise", op));
  return {x.shape().back()};
}

void check(const char* op, const Tensor& x, const Shape& sizes,
           std::initializer_list<std::pair<const char*, const Tensor*>> parts) {
  core::check_floating(op, x);
  bool fits = sizes.rank() > 0 && sizes.rank() <= x.dim();
  for (int i = 1; fits && i <= sizes.rank(); ++i)
    fits = sizes[sizes.rank() - i] == x.shape()[x.dim() - i];
  if (!fits)
    throw ShapeError(fmt::format("{}: the normalised sizes {} are not the last sizes of {}", op,
                                 sizes.str(), core::describe(x)));
  for (const auto& [what, part] : parts)
    if (part->defined() && part->shape() != sizes)
      throw ShapeError(fmt::format("{}: the {} has shape {}; it must have the normalised sizes {}",
                                   op, what, part->shape().str(), sizes.str()));
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Shape& normalized, const Tensor& weight,
                  const Tensor& bias, double eps) {
  check(LayerNorm::kName, x, normalized, {{"weight", &weight}, {"bias", &bias}});
  if (detail::any_mapped(weight, bias)) [[unlikely]] {
    Tensor y = layer_norm(x, normalized, Tensor(), Tensor(), eps);
    if (weight.defined()) y = y * weight;
    return (bias.defined() ? y + bias : y).to(x.dtype());
  }
  const Tensor from = x.to(kernels::kernel_type(x.dtype()));
  return apply<LayerNorm>(from, weight, bias, normalized.rank(), eps).to(x.dtype());
}

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  return layer_norm(x, normalized_by(LayerNorm::kName, x, weight), weight, bias, eps);
}

Tensor rms_norm(const Tensor& x, const Tensor& weight, double eps) {
  const Shape sizes = normalized_by(RmsNorm::kName, x, weight);
  check(RmsNorm::kName, x, sizes, {});
  const Tensor from = x.to(kernels::kernel_type(x.dtype()));
  return apply<RmsNorm>(from, weight, sizes.rank(), eps).to(x.dtype());
}

}  // namespace tapehead
