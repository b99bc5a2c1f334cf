// max, min, amax, amin, argmax, argmin.
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/expand_reduced.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/order.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// Ties share the gradient evenly, as in PyTorch.
template <bool kMax>
struct Extremum : CustomOp {
  static constexpr const char* kName = kMax ? "amax" : "amin";
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    axes = mask;
    constexpr auto kKernel = kMax ? kernels::Reduce::max : kernels::Reduce::min;
    return save(core::reduce(kName, kKernel, save(x), mask, keepdim));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0).detach(), y = saved(1).detach();
    const Tensor hit = (x == expand_reduced(y, x.shape(), axes)).to(dy.dtype());
    return expand_reduced(dy, x.shape(), axes) * (hit / sum_over(hit, axes, true));
  }
};

// Throws if a result would have no elements to choose from.
void check_some(const char* op, const Tensor& x, uint32_t mask) {
  const bool wanted = core::reduced_shape(x.shape(), mask, false).numel() > 0;
  if (wanted && x.numel() == 0)
    throw ShapeError(
        fmt::format("{}: {} is empty along the reduced axes; their sizes must not be 0", op,
                    core::describe(x)));
}

template <bool kMax>
Tensor extremum(const char* op, const Tensor& x, const Axes& axes, bool keepdim) {
  const uint32_t mask = axes.mask(op, x.dim());
  check_some(op, x, mask);
  return apply<Extremum<kMax>>(x, mask, keepdim);
}

Tensor arg(const char* op, const Tensor& x, int64_t axis, bool keepdim, bool largest) {
  const int along = normalize_axis(op, axis, x.dim());
  check_some(op, x, 1u << along);
  const Tensor at = core::arg_extremum(x, along, largest);
  return keepdim || x.dim() == 0 ? at : at.squeeze(along);
}

// The index into the flattened tensor.
Tensor arg_of_all(const char* op, const Tensor& x, bool largest) {
  const Tensor flat = core::contiguous(x);
  const int64_t n = x.numel();
  check_some(op, x, (1u << std::max(x.dim(), 1)) - 1);
  return core::arg_extremum(core::view_of(flat, {n}, {1}, flat.impl()->offset), 0, largest)
      .squeeze(0);
}

ValuesAndIndices chosen(const Tensor& x, const Tensor& indices, int axis, bool keepdim) {
  if (x.dim() == 0) return {gather(x.reshape({1}), 0, indices.reshape({1})).reshape({}), indices};
  const Tensor values = gather(x, axis, indices);
  if (keepdim) return {values, indices};
  return {values.squeeze(axis), indices.squeeze(axis)};
}

}  // namespace

Tensor amax(const Tensor& x, const Axes& axes, bool keepdim) {
  return extremum<true>("amax", x, axes, keepdim);
}
Tensor amin(const Tensor& x, const Axes& axes, bool keepdim) {
  return extremum<false>("amin", x, axes, keepdim);
}
Tensor max(const Tensor& x) { return extremum<true>("max", x, {}, false); }
Tensor min(const Tensor& x) { return extremum<false>("min", x, {}, false); }

ValuesAndIndices max(const Tensor& x, int64_t axis, bool keepdim) {
  return chosen(x, arg("max", x, axis, true, true), normalize_axis("max", axis, x.dim()), keepdim);
}
ValuesAndIndices min(const Tensor& x, int64_t axis, bool keepdim) {
  return chosen(x, arg("min", x, axis, true, false), normalize_axis("min", axis, x.dim()), keepdim);
}

Tensor argmax(const Tensor& x) { return arg_of_all("argmax", x, true); }
Tensor argmin(const Tensor& x) { return arg_of_all("argmin", x, false); }
Tensor argmax(const Tensor& x, int64_t axis, bool keepdim) {
  return arg("argmax", x, axis, keepdim, true);
}
Tensor argmin(const Tensor& x, int64_t axis, bool keepdim) {
  return arg("argmin", x, axis, keepdim, false);
}

}  // namespace tapehead
