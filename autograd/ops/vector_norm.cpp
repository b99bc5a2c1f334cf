// linalg_vector_norm, normalize, pairwise_distance.
#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/axis_op.h"
#include "tapehead/autograd/detail/expand_reduced.h"
#include "tapehead/autograd/detail/p_norm.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// x^p where x > 0, and 0 elsewhere, with derivatives 0 there too.
Tensor positive_power(const Tensor& x, double p) {
  const Tensor zero = x == 0;
  return masked_fill(pow(masked_fill(x, zero, 1), p), zero, 0);
}

// The number of elements that are not 0, whose gradient is 0.
struct CountNorm : ReductionOp {
  static constexpr const char* kName = "norm";
  Shape shape;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    shape = x.shape();
    return core::reduce(kName, kernels::Reduce::sum, ne(x, 0).to(x.dtype()), mask, keepdim);
  }
  Tensor backward(const Tensor& dy) const { return core::full(shape, 0, dy.dtype()); }
};

// p other than 0, 1, 2 and the infinities.
struct PNorm : ReductionOp {
  static constexpr const char* kName = "norm";
  double p = 2;
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim, double order) {
    p = order, axes = mask;
    save(x);
    return save(
        pow(core::reduce(kName, kernels::Reduce::sum, pow(abs(x), p), mask, keepdim), 1 / p));
  }
  // sign(x) |x|^(p-1) y^(1-p)
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    const Tensor scaled = dy * positive_power(saved(1), 1 - p);
    return expand_reduced(scaled, x.shape(), axes) * (sign(x) * positive_power(abs(x), p - 1));
  }
};

}  // namespace

Tensor detail::p_norm(const char* op, const Tensor& x, double p, const Axes& axes, bool keepdim) {
  const uint32_t mask = axes.mask(op, x.dim());
  core::check_floating(op, x);
  if (std::isnan(p)) throw ValueError(fmt::format("{}: the order is NaN", op));
  if (p == 0) return apply<CountNorm>(x, mask, keepdim);
  if (p == 1) return sum(abs(x), axes, keepdim);
  if (std::isinf(p)) return p > 0 ? amax(abs(x), axes, keepdim) : amin(abs(x), axes, keepdim);
  const Tensor wide = is_reduced_floating(x.dtype()) ? x.to(f32) : x;
  return apply<PNorm>(wide, mask, keepdim, p).to(x.dtype());
}

Tensor linalg_vector_norm(const Tensor& x, double ord, const Axes& axes, bool keepdim) {
  if (ord == 2 && is_floating(x.dtype())) return norm(x, 2, axes, keepdim);
  return detail::p_norm("linalg_vector_norm", x, ord, axes, keepdim);
}

Tensor normalize(const Tensor& x, double p, int64_t axis, double eps) {
  const int at = normalize_axis("normalize", axis, x.dim());
  core::check_floating("normalize", x);
  return x / clamp(linalg_vector_norm(x, p, at, true), eps);
}

Tensor pairwise_distance(const Tensor& x1, const Tensor& x2, double p, double eps, bool keepdim) {
  broadcast_shapes("pairwise_distance", x1.shape(), x2.shape());
  if (!is_floating(core::result_type(x1, x2)))
    throw DTypeError(
        fmt::format("pairwise_distance: expected floating tensors, got {} and {}; "
                    "convert with to(f32)",
                    core::describe(x1), core::describe(x2)));
  return linalg_vector_norm(x1 - x2 + eps, p, -1, keepdim);
}

}  // namespace tapehead
