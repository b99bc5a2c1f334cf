// var, stddev, norm.
#include <algorithm>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/axis_op.h"
#include "tapehead/autograd/detail/expand_reduced.h"
#include "tapehead/autograd/detail/p_norm.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/reduce.h"

namespace tapehead {
namespace {

using kernels::Reduce;

// The number of elements per result, minus the correction.
double freedom_of(const Shape& from, const Tensor& result, double correction) {
  const double n = static_cast<double>(from.numel()) / static_cast<double>(result.numel());
  return std::max(n - correction, 0.0);
}

// x - mean(x) over the axes of the mask.
Tensor centred(const Tensor& x, uint32_t mask, const Tensor& like) {
  const double n = static_cast<double>(x.numel()) / static_cast<double>(like.numel());
  return x - expand_reduced(sum_over(x, mask, true) / n, x.shape(), mask);
}

struct Var : ReductionOp {
  static constexpr const char* kName = "var";
  uint32_t axes = 0;
  double correction = 1;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim, double less) {
    axes = mask, correction = less;
    return core::reduce(kName, Reduce::var, save(x), mask, keepdim, correction);
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    const Tensor scaled = dy * (2 / freedom_of(x.shape(), dy, correction));
    return expand_reduced(scaled, x.shape(), axes) * centred(x, axes, dy);
  }
};

// dy / y, or 0 where y is 0, without dividing by 0: so derivatives are 0 there too.
Tensor over(const Tensor& dy, const Tensor& y) {
  const Tensor zero = y == 0;
  return masked_fill(dy / masked_fill(y, zero, 1), zero, 0);
}

struct Stddev : ReductionOp {
  static constexpr const char* kName = "stddev";
  uint32_t axes = 0;
  double correction = 1;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim, double less) {
    axes = mask, correction = less;
    return save(core::reduce(kName, Reduce::stddev, save(x), mask, keepdim, correction));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    const Tensor scaled = over(dy, saved(1)) / freedom_of(x.shape(), dy, correction);
    return expand_reduced(scaled, x.shape(), axes) * centred(x, axes, dy);
  }
};

struct Norm2 : ReductionOp {
  static constexpr const char* kName = "norm";
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    axes = mask;
    return save(core::reduce(kName, Reduce::norm2, save(x), mask, keepdim));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    return expand_reduced(over(dy, saved(1)), x.shape(), axes) * x;
  }
};

}  // namespace

Tensor var(const Tensor& x, const Axes& axes, bool keepdim, double correction) {
  return apply<Var>(x, axes.mask(Var::kName, x.dim()), keepdim, correction);
}

Tensor stddev(const Tensor& x, const Axes& axes, bool keepdim, double correction) {
  return apply<Stddev>(x, axes.mask(Stddev::kName, x.dim()), keepdim, correction);
}

VarMean var_mean(const Tensor& x, const Axes& axes, bool keepdim, double correction) {
  return {apply<Var>(x, axes.mask("var_mean", x.dim()), keepdim, correction),
          mean(x, axes, keepdim)};
}

StddevMean std_mean(const Tensor& x, const Axes& axes, bool keepdim, double correction) {
  return {apply<Stddev>(x, axes.mask("std_mean", x.dim()), keepdim, correction),
          mean(x, axes, keepdim)};
}

Tensor norm(const Tensor& x, double p, const Axes& axes, bool keepdim) {
  if (p != 2) return detail::p_norm(Norm2::kName, x, p, axes, keepdim);
  return apply<Norm2>(x, axes.mask(Norm2::kName, x.dim()), keepdim);
}

}  // namespace tapehead
