#include <algorithm>

#include "tapehead/core/shape.h"
#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {
namespace {

Sample cosines_of(const Shape& a, const Shape& b, int axis) {
  const Shape shape = broadcast_shapes("reference", a, b);
  return {.operands = {a, b},
          .call = [axis](const Tensors& x) { return Tensors{cosine_similarity(x[0], x[1], axis)}; },
          .reference =
              [=](Arrays& in) {
                const Array x = broadcast(in[0], shape), y = broadcast(in[1], shape);
                Shape rest = shape;
                rest.erase(axis);
                Array out(rest);
                int64_t line = 0;
                each_line(x, axis, [&](const Values& v, const std::vector<size_t>& at) {
                  double xx = 0, yy = 0, xy = 0;
                  for (size_t i = 0; i < v.size(); ++i) {
                    const double w = y.values[at[i]];
                    xx += v[i] * v[i], yy += w * w, xy += v[i] * w;
                  }
                  out[line++] = xy / std::max(std::sqrt(xx) * std::sqrt(yy), 1e-8);
                });
                return Arrays{out};
              },
          .reduces = shape[axis]};
}

}  // namespace

TAPEHEAD_OP_TEST(cosine_similarity)
    .sample(cosines_of({3, 5}, {3, 5}, 1))
    .sample(cosines_of({7, 3}, {7, 3}, 0))
    .sample(cosines_of({2, 33}, {33}, 1))
    .sample(cosines_of({2, 19, 3}, {19, 1}, 1))
    .sample(cosines_of({300, 129}, {300, 129}, 1))
    .sample({.operands = {given(Shape{2, 2}, {0, 0, 3, 4}), given(Shape{2, 2}, {1, 2, 0, 0})},
             .call = [](const Tensors& x) { return Tensors{cosine_similarity(x[0], x[1])}; },
             .reference = [](Arrays&) { return Arrays{Array({2})}; },
             .differentiable = false,
             .may_alias = false})
    .bad<ShapeError>(
        [] {
          cosine_similarity(core::full({2, 3}, 1), core::full({2, 4}, 1));
        },
        "cosine_similarity: shapes [2, 3] and [2, 4] do not broadcast: size(-1) is 3 "
        "in one and 4 in the other; sizes must be equal or 1")
    .bad<IndexError>([] { cosine_similarity(core::full({2}, 1), core::full({2}, 1)); },
                     "cosine_similarity: axis 1 is outside -1..0 of a tensor with 1 dimension");

}  // namespace tapehead::op_tests
