// max, min, amax, amin, aminmax, argmax, argmin.
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/axis_op.h"
#include "tapehead/autograd/detail/expand_reduced.h"
#include "tapehead/autograd/detail/mapping.h"
#include "tapehead/autograd/detail/picked.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/order.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// Ties share the gradient evenly, as in PyTorch.
template <bool kMax>
struct Extremum : ReductionOp {
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

template <bool kMax>
Tensor extremum(const char* op, const Tensor& x, const Axes& axes, bool keepdim) {
  const uint32_t mask = axes.mask(op, x.dim());
  detail::check_some(op, x, mask);
  return apply<Extremum<kMax>>(x, mask, keepdim);
}

Tensor arg(const char* op, const Tensor& x, int64_t axis, bool keepdim, bool largest) {
  const int along = normalize_axis(op, axis, x.dim());
  detail::check_some(op, x, 1u << along);
  const auto found = [&](const Tensor& t, int at_axis) {
    return core::arg_extremum(t, at_axis, largest);
  };
  const Tensor at = detail::along_axis(found, x, along);
  return keepdim || x.dim() == 0 ? at : at.squeeze(along);
}

// The index into the flattened tensor.
Tensor arg_of_all(const char* op, const Tensor& x, bool largest) {
  detail::check_some(op, x, (1u << std::max(x.dim(), 1)) - 1);
  return arg(op, x.detach().reshape({x.numel()}), 0, false, largest);
}

ValuesAndIndices chosen(const char* op, const Tensor& x, int64_t axis, bool keepdim, bool largest) {
  const Tensor at = arg(op, x, axis, true, largest);
  return detail::picked(x, normalize_axis(op, axis, x.dim()), {Tensor(), at}, keepdim);
}

}  // namespace

void detail::check_some(const char* op, const Tensor& x, uint32_t mask) {
  const bool wanted = core::reduced_shape(x.shape(), mask, false).numel() > 0;
  if (wanted && x.numel() == 0)
    throw ShapeError(
        fmt::format("{}: {} is empty along the reduced axes; their sizes must not be 0", op,
                    core::describe(x)));
}

Tensor amax(const Tensor& x, const Axes& axes, bool keepdim) {
  return extremum<true>("amax", x, axes, keepdim);
}
Tensor amin(const Tensor& x, const Axes& axes, bool keepdim) {
  return extremum<false>("amin", x, axes, keepdim);
}
Tensor max(const Tensor& x) { return extremum<true>("max", x, {}, false); }
Tensor min(const Tensor& x) { return extremum<false>("min", x, {}, false); }

ValuesAndIndices max(const Tensor& x, int64_t axis, bool keepdim) {
  return chosen("max", x, axis, keepdim, true);
}
ValuesAndIndices min(const Tensor& x, int64_t axis, bool keepdim) {
  return chosen("min", x, axis, keepdim, false);
}

MinMax aminmax(const Tensor& x, std::optional<int64_t> axis, bool keepdim) {
  const uint32_t mask =
      axis ? 1u << normalize_axis("aminmax", *axis, x.dim()) : Axes({}).mask("aminmax", x.dim());
  detail::check_some("aminmax", x, mask);
  return {apply<Extremum<false>>(x, mask, keepdim), apply<Extremum<true>>(x, mask, keepdim)};
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
