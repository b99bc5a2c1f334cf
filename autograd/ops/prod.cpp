// prod, cumsum.
#ifndef TAPEHEAD_ROWS
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/spread.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/order.h"
#include "tapehead/core/detail/reduce.h"

namespace tapehead {
namespace {

// Of each element of a row of x [M, n] the product of the others. By pairs, and without a division,
// which zeros would spoil.
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
    const Tensor x = saved(0).to(dy.dtype() == bf16 ? f32 : dy.dtype());
    Shape order, back;  // the reduced axes last
    for (const bool reduced : {false, true})
      for (int i = 0; i < x.dim(); ++i)
        if ((axes >> i & 1) == reduced) order.push_back(i);
    back = order;
    for (int i = 0; i < x.dim(); ++i) back[static_cast<int>(order[i])] = i;
    const Tensor rows = x.permute(order);
    const int64_t count = dy.numel();
    if (x.numel() == 0) return spread(dy, x.shape(), axes) * x;
    const Tensor others = products_of_others(rows.reshape({count, x.numel() / count}));
    return spread(dy, x.shape(), axes) * others.reshape(rows.shape()).permute(back);
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

#else  // TAPEHEAD_ROWS
#include "tapehead/tests/op_reduce.h"

namespace tapehead::rows {

static double product(const Values& v) {
  double total = 1;
  for (const double x : v) total *= x;
  return total;
}

static Sample running(const Shape& shape, int axis) {
  const int along = axis < 0 ? axis + shape.rank() : axis;
  return {.operands = {{shape}},
          .call = [axis](const Tensors& x) { return Tensors{cumsum(x[0], axis)}; },
          .reference =
              [along](Arrays& x) {
                Array out = x[0];
                each_line(x[0], along, [&](const Values& v, const std::vector<size_t>& at) {
                  double total = 0;
                  for (size_t i = 0; i < v.size(); ++i) out.values[at[i]] = total += v[i];
                });
                return Arrays{out};
              },
          .reduces = shape.rank() == 0 ? 1 : shape[along]};
}

static const Tensor kTable = core::full({2, 3}, 1);

TAPEHEAD_ROW(prod)
    .samples(reductions(prod, product, {.from = 0.8, .to = 1.2}))
    .sample({.operands = {given(Shape{3, 3}, {2, 0, 3, 0, 4, 0, 5, 6, 7})},
             .call = [](const Tensors& x) { return Tensors{prod(x[0], 1)}; },
             .reference =
                 [](Arrays& in) {
                   Array out({3});
                   for (int64_t i = 0; i < 3; ++i)
                     out(i) = product({in[0](i, 0), in[0](i, 1), in[0](i, 2)});
                   return Arrays{out};
                 }})
    .bad<IndexError>([] { prod(kTable, -3); },
                     "prod: axis -3 is outside -2..1 of a tensor with 2 dimensions");
TAPEHEAD_ROW(cumsum)
    .sample(running({}, 0))
    .sample(running({5}, -1))
    .sample(running({3, 4}, 1))
    .sample(running({3, 4}, 0))
    .sample(running({2, 3, 2}, -2))
    .sample(running({0, 3}, 1))
    .sample(running({150, 100}, 0))
    .bad<IndexError>([] { cumsum(kTable, 2); },
                     "cumsum: axis 2 is outside -2..1 of a tensor with 2 dimensions");

}  // namespace tapehead::rows
#endif
