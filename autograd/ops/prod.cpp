// prod, cumsum.
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/expand_reduced.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/order.h"
#include "tapehead/core/detail/reduce.h"

namespace tapehead {
namespace {

// For each element of a row of x [M, n], the product of the others. Recurses over pairs instead of
// dividing, which would fail for zeros.
Tensor products_of_others(const Tensor& x) {
  const int64_t rows = x.size(0), n = x.size(1);
  if (n <= 1) return core::full(x.shape(), 1, x.dtype());
  const Tensor even = n % 2 == 0 ? x : pad(x, {0, 1}, 1);
  const Tensor pairs = even.reshape({rows, (n + 1) / 2, 2});
  const Tensor outside = products_of_others(pairs.select(2, 0) * pairs.select(2, 1));
  const Tensor all = (outside.unsqueeze(2) * flip(pairs, 2)).reshape({rows, n + n % 2});
  return n % 2 == 0 ? all : all.slice(1, 0, n);
}

struct Prod : CustomOp {
  static constexpr const char* kName = "prod";
  uint32_t axes = 0;
  Tensor forward(const Tensor& x, uint32_t mask, bool keepdim) {
    axes = mask;
    return core::reduce(kName, kernels::Reduce::prod, save(x), mask, keepdim);
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0).to(is_reduced_floating(dy.dtype()) ? f32 : dy.dtype());
    Shape order, back;  // permutation with the reduced axes last, and its inverse
    for (const bool reduced : {false, true})
      for (int i = 0; i < x.dim(); ++i)
        if ((axes >> i & 1) == reduced) order.push_back(i);
    back = order;
    for (int i = 0; i < x.dim(); ++i) back[static_cast<int>(order[i])] = i;
    const Tensor rows = x.permute(order);
    const int64_t count = dy.numel();
    if (x.numel() == 0) return expand_reduced(dy, x.shape(), axes) * x;
    const Tensor others = products_of_others(rows.reshape({count, x.numel() / count}));
    return expand_reduced(dy, x.shape(), axes) * others.reshape(rows.shape()).permute(back);
  }
};

struct Cumsum : CustomOp {
  static constexpr const char* kName = "cumsum";
  int axis = 0;
  bool from_end = false;
  Tensor forward(const Tensor& x, int along, bool reverse) {
    axis = along, from_end = reverse;
    return core::cumsum(x, axis, from_end);
  }
  Tensor backward(const Tensor& dy) const { return apply<Cumsum>(dy, axis, !from_end); }
};

}  // namespace

Tensor prod(const Tensor& x, const Axes& axes, bool keepdim) {
  return apply<Prod>(x, axes.mask(Prod::kName, x.dim()), keepdim);
}

Tensor cumsum(const Tensor& x, int64_t axis) {
  return apply<Cumsum>(x, normalize_axis(Cumsum::kName, axis, x.dim()), false);
}

}  // namespace tapehead
