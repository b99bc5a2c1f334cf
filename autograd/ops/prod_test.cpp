#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {

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

TAPEHEAD_OP_TEST(prod)
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
TAPEHEAD_OP_TEST(cumsum)
    .sample(running({}, 0))
    .sample(running({5}, -1))
    .sample(running({3, 4}, 1))
    .sample(running({3, 4}, 0))
    .sample(running({2, 3, 2}, -2))
    .sample(running({0, 3}, 1))
    .sample(running({150, 100}, 0))
    .bad<IndexError>([] { cumsum(kTable, 2); },
                     "cumsum: axis 2 is outside -2..1 of a tensor with 2 dimensions");

}  // namespace tapehead::op_tests
