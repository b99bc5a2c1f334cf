// sum, mean, nansum, nanmean, sum_to.
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/axis_op.h"
#include "tapehead/autograd/detail/expand_reduced.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct Sum : ReductionOp {
  static constexpr const char* kName = "sum";
  Shape shape;
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    shape = x.shape();
    axes = mask;
    return core::reduce(kName, kernels::Reduce::sum, x, mask, keepdim);
  }
  Tensor backward(const Tensor& dy) const { return expand_reduced(dy, shape, axes); }
};

struct Mean : ReductionOp {
  static constexpr const char* kName = "mean";
  Shape shape;
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    shape = x.shape();
    axes = mask;
    return core::reduce(kName, kernels::Reduce::mean, x, mask, keepdim);
  }
  Tensor backward(const Tensor& dy) const {
    const auto n = static_cast<double>(shape.numel()) / static_cast<double>(dy.numel());
    return expand_reduced(dy / n, shape, axes);
  }
};

// A sum without NaN is that of all elements.
struct NanSum : ReductionOp {
  static constexpr const char* kName = "nansum";
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    axes = mask;
    save(x);
    const Tensor y = core::reduce(kName, kernels::Reduce::sum, x, mask, keepdim);
    if (!is_floating(x.dtype()) || !any(isnan(y)).item<bool>()) return y;
    return core::reduce(kName, kernels::Reduce::sum, masked_fill(x, isnan(x), 0), mask, keepdim);
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    return masked_fill(expand_reduced(dy, x.shape(), axes), isnan(x), 0);
  }
};

// How many elements are not NaN.
Tensor count_numbers(const Tensor& x, uint32_t mask, bool keepdim) {
  return core::reduce("nanmean", kernels::Reduce::count_nonzero, logical_not(isnan(x)), mask,
                      keepdim);
}

struct SumTo : CustomOp {
  static constexpr const char* kName = "sum_to";
  static constexpr Batching kBatching = Batching::adjusted;
  Shape shape;
  static bool batch(const Batch& b, Tensor& x, Shape& to) {
    if (to.rank() + 1 < x.dim()) return false;
    to.insert(0, b.size);
    return true;
  }
  Tensor forward(const Tensor& x, const Shape& to) {
    shape = x.shape();
    return core::sum_to(x, to);
  }
  Tensor backward(const Tensor& dy) const { return dy.expand(shape); }
};

// The gradient of a sum: expands the reduced axes again, as a view.
struct ExpandReduced : CustomOp {
  static constexpr const char* kName = "expand_reduced";
  uint32_t axes = 0;
  bool keepdim = false;
  Tensor forward(const Tensor& y, const Shape& shape, uint32_t mask) {
    axes = mask;
    keepdim = y.dim() == shape.rank();
    Shape strides = Shape::filled(shape.rank(), 0);
    for (int i = 0, from = 0; i < shape.rank(); ++i) {
      const bool reduced = mask >> i & 1;
      if (!reduced) strides[i] = y.strides()[from];
      if (!reduced || keepdim) ++from;
    }
    return core::view_of(y, shape, strides, y.impl()->offset);
  }
  Tensor backward(const Tensor& dy) const { return apply<Sum>(dy, axes, keepdim); }
};

}  // namespace

Tensor sum(const Tensor& x, const Axes& axes, bool keepdim) {
  return apply<Sum>(x, axes.mask(Sum::kName, x.dim()), keepdim);
}

Tensor mean(const Tensor& x, const Axes& axes, bool keepdim) {
  return apply<Mean>(x, axes.mask(Mean::kName, x.dim()), keepdim);
}

Tensor nansum(const Tensor& x, const Axes& axes, bool keepdim) {
  return apply<NanSum>(x, axes.mask(NanSum::kName, x.dim()), keepdim);
}

Tensor nanmean(const Tensor& x, const Axes& axes, bool keepdim) {
  core::check_floating("nanmean", x);
  if (is_reduced_floating(x.dtype())) return nanmean(x.to(f32), axes, keepdim).to(x.dtype());
  const uint32_t mask = axes.mask("nanmean", x.dim());
  return apply<NanSum>(x, mask, keepdim) / count_numbers(x, mask, keepdim);
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  if (!broadcasts_to(shape, x.shape()))
    throw ShapeError(
        fmt::format("sum_to: shape {} does not broadcast to {}, so it cannot be summed to it",
                    shape.str(), x.shape().str()));
  return apply<SumTo>(x, shape);
}

Tensor sum_over(const Tensor& x, uint32_t mask, bool keepdim) {
  return apply<Sum>(x, mask, keepdim);
}

Tensor expand_reduced(const Tensor& y, const Shape& shape, uint32_t mask) {
  return apply<ExpandReduced>(y, shape, mask);
}

}  // namespace tapehead
