// sum, mean, sum_to.
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/expand_reduced.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct Sum : CustomOp {
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

struct Mean : CustomOp {
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

struct SumTo : CustomOp {
  static constexpr const char* kName = "sum_to";
  Shape shape;
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
