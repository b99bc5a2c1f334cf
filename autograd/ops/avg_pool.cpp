// avg_pool1d to avg_pool3d, adaptive_avg_pool1d to adaptive_avg_pool3d, lp_pool1d to lp_pool3d.
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/pool_shape.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/pooling.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using MeanRanges = std::array<core::PoolRanges, 3>;

int64_t pooled_planes(const Shape& pooled, const MeanRanges& ranges) {
  int64_t n = 1;
  for (const core::PoolRanges& r : ranges) n *= r.count();
  return pooled.numel() / n;
}

struct SumPoolGradient;

struct SumPool : CustomOp {
  static constexpr const char* kName = "avg_pool";
  MeanRanges ranges;
  Shape sizes;  // of x
  Tensor forward(const Tensor& x, const Shape& result, const MeanRanges& r) {
    ranges = r, sizes = x.shape();
    const Tensor y = core::empty(result, x.dtype());
    core::sum_pool(pooled_planes(result, r), r, core::contiguous(x), y);
    return y;
  }
  Tensor backward(const Tensor& dy) const;
};

struct SumPoolGradient : CustomOp {
  static constexpr const char* kName = "avg_pool_gradient";
  MeanRanges ranges;
  Shape sizes;  // of dy
  Tensor forward(const Tensor& dy, const Shape& result, const MeanRanges& r) {
    ranges = r, sizes = dy.shape();
    const Tensor dx = core::empty(result, dy.dtype());
    core::sum_pool_gradient(pooled_planes(dy.shape(), r), r, core::contiguous(dy), dx);
    return dx;
  }
  Tensor backward(const Tensor& ddx) const { return apply<SumPool>(ddx, sizes, ranges); }
};

Tensor SumPool::backward(const Tensor& dy) const {
  return apply<SumPoolGradient>(dy, sizes, ranges);
}

Tensor sum_pool_of(const Tensor& x, const Shape& result, const MeanRanges& ranges) {
  const DType wide = wide_type(x.dtype());
  return apply<SumPool>(x.to(wide), result, ranges).to(x.dtype());
}

template <int N>
Tensor avg_pool_nd(const char* op, const Tensor& x, const detail::PoolOptions<N>& options,
                   bool count_include_pad, std::optional<int64_t> divisor) {
  const auto windows = detail::pool_windows(op, x, options);
  MeanRanges ranges = detail::mean_ranges(windows, count_include_pad);
  if (divisor && *divisor == 0)
    throw ValueError(fmt::format("{}: divisor_override = 0; it must not be 0", op));
  if (divisor)
    for (size_t i = 0; i < 3; ++i)
      for (double& factor : ranges[i].factor)
        factor = i == 2 ? 1 / static_cast<double>(*divisor) : 1;
  return sum_pool_of(x, detail::pooled_shape<N>(x.shape(), windows), ranges);
}

template <int N>
Tensor adaptive_avg_pool_nd(const char* op, const Tensor& x, const OptionalArray<N>& output_size) {
  const MeanRanges ranges = detail::adaptive_ranges(op, x, output_size);
  const Shape result = detail::pooled_shape<N>(x.shape(), ranges);
  if (pooled_planes(result, ranges) == result.numel()) {  // one window
    Shape axes;
    for (int i = 0; i < N; ++i) axes.push_back(x.dim() - N + i);
    return mean(x, axes, true);
  }
  return sum_pool_of(x, result, ranges);
}

template <int N>
Tensor lp_pool_nd(const char* op, const Tensor& x, double p,
                  const detail::PoolOptions<N>& options) {
  if (p == 0) throw ValueError(fmt::format("{}: norm_type = 0; it must not be 0", op));
  const DType wide = wide_type(x.dtype());
  detail::check_planes<N>(op, x);
  double elements = 1;
  for (int i = 0; i < N; ++i) elements *= static_cast<double>(options.kernel[i]);
  return pow(avg_pool_nd<N>(op, pow(x.to(wide), p), options, true, {}) * elements, 1 / p)
      .to(x.dtype());
}

}  // namespace

Tensor avg_pool1d(const Tensor& x, const ExpandingArray<1>& kernel_size,
                  const AvgPool1dFuncOptions& o) {
  return avg_pool_nd<1>("avg_pool1d", x, {kernel_size, o.stride, o.padding, 1, o.ceil_mode},
                        o.count_include_pad, {});
}
Tensor avg_pool2d(const Tensor& x, const ExpandingArray<2>& kernel_size,
                  const AvgPool2dFuncOptions& o) {
  return avg_pool_nd<2>("avg_pool2d", x, {kernel_size, o.stride, o.padding, 1, o.ceil_mode},
                        o.count_include_pad, o.divisor_override);
}
Tensor avg_pool3d(const Tensor& x, const ExpandingArray<3>& kernel_size,
                  const AvgPool3dFuncOptions& o) {
  return avg_pool_nd<3>("avg_pool3d", x, {kernel_size, o.stride, o.padding, 1, o.ceil_mode},
                        o.count_include_pad, o.divisor_override);
}

Tensor lp_pool1d(const Tensor& x, double norm_type, const ExpandingArray<1>& kernel_size,
                 const LPPool1dFuncOptions& o) {
  return lp_pool_nd<1>("lp_pool1d", x, norm_type, {kernel_size, o.stride, 0, 1, o.ceil_mode});
}
Tensor lp_pool2d(const Tensor& x, double norm_type, const ExpandingArray<2>& kernel_size,
                 const LPPool2dFuncOptions& o) {
  return lp_pool_nd<2>("lp_pool2d", x, norm_type, {kernel_size, o.stride, 0, 1, o.ceil_mode});
}
Tensor lp_pool3d(const Tensor& x, double norm_type, const ExpandingArray<3>& kernel_size,
                 const LPPool3dFuncOptions& o) {
  return lp_pool_nd<3>("lp_pool3d", x, norm_type, {kernel_size, o.stride, 0, 1, o.ceil_mode});
}

Tensor adaptive_avg_pool1d(const Tensor& x, const OptionalArray<1>& output_size) {
  return adaptive_avg_pool_nd<1>("adaptive_avg_pool1d", x, output_size);
}
Tensor adaptive_avg_pool2d(const Tensor& x, const OptionalArray<2>& output_size) {
  return adaptive_avg_pool_nd<2>("adaptive_avg_pool2d", x, output_size);
}
Tensor adaptive_avg_pool3d(const Tensor& x, const OptionalArray<3>& output_size) {
  return adaptive_avg_pool_nd<3>("adaptive_avg_pool3d", x, output_size);
}

}  // namespace tapehead
