#include "tapehead/autograd/ops/fractional_max_pool.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/detail/max_pool.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// Windows along one axis, at distances of (size - kernel) / (result - 1) on average.
core::PoolRanges fractional_ranges(int64_t size, int64_t result, int64_t kernel, double sample) {
  core::PoolRanges r{size, {}, {}, {}};
  const double step =
      static_cast<double>(size - kernel) / static_cast<double>(std::max<int64_t>(result - 1, 1));
  const auto offset = static_cast<int64_t>(sample * step);
  for (int64_t i = 0; i < result; ++i) {
    const int64_t begin =
        i + 1 < result ? static_cast<int64_t>((static_cast<double>(i) + sample) * step) - offset
                       : size - kernel;
    r.begin.push_back(begin), r.end.push_back(begin + kernel), r.factor.push_back(1);
  }
  return r;
}

template <int N, class Options>
int64_t fractional_size(const char* op, const Tensor& x, const ExpandingArray<N>& kernel_size,
                        const Options& o, int axis) {
  if (o.output_size[axis].has_value() == o.output_ratio[axis].has_value())
    throw ValueError(fmt::format("{}: pass either an output_size or an output_ratio", op));
  const double ratio = o.output_ratio[axis].value_or(0.5);
  if (!(ratio > 0 && ratio < 1))
    throw ValueError(fmt::format("{}: output_ratio = {} is outside 0..1", op, ratio));
  const int64_t size = x.size(axis - N), kernel = kernel_size[axis];
  const int64_t result =
      o.output_size[axis].value_or(static_cast<int64_t>(static_cast<double>(size) * ratio));
  if (kernel < 1) throw ValueError(fmt::format("{}: kernel_size = {} is less than 1", op, kernel));
  if (result < 1) throw ValueError(fmt::format("{}: output_size = {} is less than 1", op, result));
  if (result + kernel - 1 > size)
    throw ShapeError(
        fmt::format("{}: x is {}; size({}) = {} has no {} windows of {} positions that start at "
                    "different ones",
                    op, x.shape().str(), axis - N, size, result, kernel));
  return result;
}

template <int N, class Options>
ValuesAndIndices fractional_max_pool(const char* op, const Tensor& x,
                                     const ExpandingArray<N>& kernel_size, const Options& o,
                                     Generator& generator) {
  detail::check_planes<N>(op, x);
  Shape result = x.shape();
  for (int i = 0; i < N; ++i)
    result[x.dim() - N + i] = fractional_size<N>(op, x, kernel_size, o, i);
  const int64_t planes = detail::planes_of(x.shape(), N), C = x.size(-N - 1);
  const Shape drawn{x.dim() == N + 2 ? x.size(0) : 1, C, N};
  if (o.random_samples.defined() && o.random_samples.shape() != drawn)
    throw ShapeError(fmt::format("{}: random_samples are {}, for x {}; expected {}", op,
                                 o.random_samples.shape().str(), x.shape().str(), drawn.str()));
  const Tensor samples = core::contiguous(core::cast(
      o.random_samples.defined() ? o.random_samples.detach() : rand(drawn, f32, generator), f64));
  core::PlaneRanges windows(static_cast<size_t>(planes));
  const double* sample = samples.data<double>();
  for (auto& plane : windows) {
    auto* along = plane.data() + 3 - N;
    for (int i = 0; i < N; ++i)  // in two dimensions, that of the width comes first
      along[i] = fractional_ranges(x.size(i - N), result[x.dim() - N + i], kernel_size[i],
                                   sample[N == 2 ? 1 - i : i]);
    sample += N;
  }
  ValuesAndIndices out;
  out.values = apply<detail::MaxPool<core::PlaneRanges>>(x.to(wide_type(x.dtype())), result,
                                                         windows, N, &out.indices)
                   .to(x.dtype());
  return out;
}

}  // namespace

#define TAPEHEAD_FRACTIONAL_MAX_POOL(N)                                                            \
  Tensor fractional_max_pool##N##d(const Tensor& x, const ExpandingArray<N>& kernel_size,          \
                                   const FractionalMaxPool##N##dFuncOptions& options,              \
                                   Generator& generator) {                                         \
    return fractional_max_pool("fractional_max_pool" #N "d", x, kernel_size, options, generator)   \
        .values;                                                                                   \
  }                                                                                                \
  ValuesAndIndices fractional_max_pool##N##d_with_indices(                                         \
      const Tensor& x, const ExpandingArray<N>& kernel_size,                                       \
      const FractionalMaxPool##N##dFuncOptions& options, Generator& generator) {                   \
    return fractional_max_pool("fractional_max_pool" #N "d_with_indices", x, kernel_size, options, \
                               generator);                                                         \
  }
TAPEHEAD_FRACTIONAL_MAX_POOL(2)
TAPEHEAD_FRACTIONAL_MAX_POOL(3)
#undef TAPEHEAD_FRACTIONAL_MAX_POOL

}  // namespace tapehead
