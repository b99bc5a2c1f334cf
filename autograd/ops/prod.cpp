// prod.
#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/axis_op.h"
#include "tapehead/autograd/detail/expand_reduced.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/limits.h"

namespace tapehead {
namespace {

// Whether dy y / x is an accurate gradient: no product is 0, or has lost digits to underflow.
bool can_divide(const Tensor& y) {
  const Tensor size = abs(y);
  return all((size >= finfo(y.dtype()).tiny) & (size <= finfo(y.dtype()).max)).item<bool>();
}

struct Prod : ReductionOp {
  static constexpr const char* kName = "prod";
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    axes = mask;
    return save(core::reduce(kName, kernels::Reduce::prod, save(x), mask, keepdim));
  }
  // The product of the others is that of those before and those behind.
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0).to(wide_type(dy.dtype()));
    if (x.numel() == 0) return expand_reduced(dy, x.shape(), axes) * x;
    if (!is_grad_enabled() && can_divide(saved(1)))
      return expand_reduced(dy * saved(1), x.shape(), axes) / x;
    Shape order, back;  // permutation with the reduced axes last, and its inverse
    for (const bool reduced : {false, true})
      for (int i = 0; i < x.dim(); ++i)
        if ((axes >> i & 1) == reduced) order.push_back(i);
    back = order;
    for (int i = 0; i < x.dim(); ++i) back[static_cast<int>(order[i])] = i;
    const Tensor permuted = x.permute(order);
    const int64_t count = dy.numel();
    const Tensor rows = permuted.reshape({count, x.numel() / count});
    const Tensor others = cumprod(rows, 1, {.exclusive = true}) *
                          cumprod(rows, 1, {.reverse = true, .exclusive = true});
    return expand_reduced(dy, x.shape(), axes) * others.reshape(permuted.shape()).permute(back);
  }
};

}  // namespace

Tensor prod(const Tensor& x, const Axes& axes, bool keepdim) {
  return apply<Prod>(detail::in_f32(x), axes.mask(Prod::kName, x.dim()), keepdim);
}

}  // namespace tapehead
