#include "tapehead/nn/init.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead::nn::init {
namespace {

struct Fans {
  double in, out;
};

Fans fans_of(const Tensor& w) {
  if (w.dim() == 0) return {1, 1};
  if (w.dim() == 1) return {static_cast<double>(w.size(0)), static_cast<double>(w.size(0))};
  const double rest =
      static_cast<double>(w.numel()) / std::max(1.0, static_cast<double>(w.size(0) * w.size(1)));
  return {static_cast<double>(w.size(1)) * rest, static_cast<double>(w.size(0)) * rest};
}

double fan(Fans fans, FanMode mode) { return mode == FanMode::fan_in ? fans.in : fans.out; }

Init uniform_within(std::function<double(Fans)> bound) {
  return [bound = std::move(bound)](const Tensor& w, Generator& generator) {
    const double b = bound(fans_of(w));
    core::fill_uniform(w, -b, b, generator);
  };
}

Init normal_of(std::function<double(Fans)> std) {
  return [std = std::move(std)](const Tensor& w, Generator& generator) {
    core::fill_normal(w, 0, std(fans_of(w)), generator);
  };
}

// Orthonormalizes the rows of a [rows, columns] matrix, rows <= columns, by Gram-Schmidt, repeated
// for accuracy.
void orthonormalize(std::vector<double>& m, int64_t rows, int64_t columns) {
  const auto row = [&](int64_t i) { return m.data() + i * columns; };
  const auto dot = [&](const double* a, const double* b) {
    double sum = 0;
    for (int64_t j = 0; j < columns; ++j) sum += a[j] * b[j];
    return sum;
  };
  for (int64_t i = 0; i < rows; ++i) {
    for (int pass = 0; pass < 2; ++pass)
      for (int64_t k = 0; k < i; ++k) {
        const double along = dot(row(i), row(k));
        for (int64_t j = 0; j < columns; ++j) row(i)[j] -= along * row(k)[j];
      }
    const double norm = std::sqrt(dot(row(i), row(i)));
    for (int64_t j = 0; j < columns; ++j) row(i)[j] /= norm;
  }
}

void fill_orthogonal(const Tensor& w, double gain, Generator& generator) {
  if (w.dim() < 2)
    throw ShapeError(
        fmt::format("orthogonal: the parameter is {}; it needs two axes", w.shape().str()));
  const int64_t out = w.size(0), in = w.numel() / std::max<int64_t>(out, 1);
  const bool tall = out > in;
  const int64_t rows = tall ? in : out, columns = tall ? out : in;
  const Tensor draw = core::empty({rows, columns}, f64);
  core::fill_normal(draw, 0, 1, generator);
  std::vector<double> m = draw.to_vector<double>();
  orthonormalize(m, rows, columns);
  const Tensor values = core::empty({out, in}, f64);
  for (int64_t i = 0; i < out; ++i)
    for (int64_t j = 0; j < in; ++j)
      values.data<double>()[i * in + j] =
          gain * m[static_cast<size_t>(tall ? j * columns + i : i * columns + j)];
  core::copy_into(w, core::view_of(values, w.shape(), contiguous_strides(w.shape()), 0));
}

void check_matrix(const char* init, const Tensor& w) {
  if (w.dim() != 2)
    throw ShapeError(
        fmt::format("{}: the parameter is {}; it must be a matrix", init, w.shape().str()));
}

void fill_dirac(const Tensor& w, int64_t groups) {
  if (w.dim() < 3 || w.dim() > 5)
    throw ShapeError(
        fmt::format("dirac: the parameter is {}; it must be a convolution's, of three to five axes",
                    w.shape().str()));
  if (groups < 1 || w.size(0) % groups != 0)
    throw ValueError(fmt::format("dirac: groups = {} of {} out channels; it must divide them",
                                 groups, w.size(0)));
  const Tensor values = core::full(w.shape(), 0, f64);
  const int64_t out = w.size(0) / groups, in = w.size(1);
  int64_t centre = 0, rest = 1;  // of a kernel, in row-major order
  for (int axis = 2; axis < w.dim(); ++axis) {
    centre = centre * w.size(axis) + w.size(axis) / 2;
    rest *= w.size(axis);
  }
  for (int64_t group = 0; group < groups; ++group)
    for (int64_t i = 0; i < std::min(out, in); ++i)
      values.data<double>()[((group * out + i) * in + i) * rest + centre] = 1;
  core::copy_into(w, values);
}

void fill_sparse(const Tensor& w, double sparsity, double std, Generator& generator) {
  check_matrix("sparse", w);
  const int64_t rows = w.size(0), columns = w.size(1);
  const auto zeros = static_cast<int64_t>(std::ceil(sparsity * static_cast<double>(rows)));
  const Tensor values = core::empty(w.shape(), f64);
  core::fill_normal(values, 0, std, generator);
  for (int64_t column = 0; column < columns; ++column) {
    const std::vector<int64_t> order = core::permutation(rows, generator).to_vector<int64_t>();
    for (int64_t k = 0; k < zeros; ++k)
      values.data<double>()[order[static_cast<size_t>(k)] * columns + column] = 0;
  }
  core::copy_into(w, values);
}

}  // namespace

double calculate_gain(Nonlinearity nonlinearity, double param) {
  switch (nonlinearity) {
    case Nonlinearity::linear:
    case Nonlinearity::sigmoid: return 1;
    case Nonlinearity::tanh: return 5.0 / 3;
    case Nonlinearity::relu: return std::sqrt(2);
    case Nonlinearity::leaky_relu: return std::sqrt(2 / (1 + param * param));
    case Nonlinearity::selu: return 0.75;
  }
  return 1;
}

Init constant(double value) {
  return [value](const Tensor& w, Generator&) { core::copy_into(w, Tensor(value)); };
}

Init copy_of(const Tensor& values) {
  return [values](const Tensor& w, Generator&) {
    if (values.shape() != w.shape())
      throw ShapeError(
          fmt::format("copy_of: the values are {}, the parameter {}; the shapes must "
                      "be equal",
                      values.shape().str(), w.shape().str()));
    core::copy_into(w, values);
  };
}

Init zeros() { return constant(0); }
Init ones() { return constant(1); }
Init uniform(double from, double to) {
  return [=](const Tensor& w, Generator& generator) { core::fill_uniform(w, from, to, generator); };
}
Init normal(double std, double mean) {
  return [=](const Tensor& w, Generator& generator) { core::fill_normal(w, mean, std, generator); };
}
Init truncated_normal(double std, double mean) {
  return [=](const Tensor& w, Generator& generator) {
    core::fill_truncated_normal(w, mean, std, mean - 2 * std, mean + 2 * std, generator);
  };
}
Init xavier_uniform(double gain) {
  return uniform_within([=](Fans f) { return gain * std::sqrt(6 / (f.in + f.out)); });
}
Init xavier_normal(double gain) {
  return normal_of([=](Fans f) { return gain * std::sqrt(2 / (f.in + f.out)); });
}
Init trunc_normal(double mean, double std, double a, double b) {
  return [=](const Tensor& w, Generator& generator) {
    core::fill_truncated_normal(w, mean, std, a, b, generator);
  };
}
Init kaiming_uniform(double a, FanMode mode, Nonlinearity nonlinearity) {
  const double gain = calculate_gain(nonlinearity, a);
  return uniform_within([=](Fans f) { return gain * std::sqrt(3 / fan(f, mode)); });
}
Init kaiming_normal(double a, FanMode mode, Nonlinearity nonlinearity) {
  const double gain = calculate_gain(nonlinearity, a);
  return normal_of([=](Fans f) { return gain / std::sqrt(fan(f, mode)); });
}
Init fan_in_uniform() {
  return uniform_within([](Fans f) { return 1 / std::sqrt(std::max(f.in, 1.0)); });
}
Init orthogonal(double gain) {
  return [=](const Tensor& w, Generator& generator) { fill_orthogonal(w, gain, generator); };
}
Init eye() {
  return [](const Tensor& w, Generator&) {
    check_matrix("eye", w);
    core::copy_into(w, tapehead::eye(w.size(0), w.size(1), f64));
  };
}
Init dirac(int64_t groups) {
  return [=](const Tensor& w, Generator&) { fill_dirac(w, groups); };
}
Init sparse(double sparsity, double std) {
  if (!(sparsity >= 0 && sparsity <= 1))
    throw ValueError(fmt::format("sparse: sparsity = {}; it must be within 0 … 1", sparsity));
  return [=](const Tensor& w, Generator& generator) { fill_sparse(w, sparsity, std, generator); };
}

}  // namespace tapehead::nn::init
