#include <algorithm>
#include <numeric>

#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {

// The first k elements along an axis, and their positions.
static Arrays ordered(const Array& x, int axis, int64_t k, bool descending) {
  Shape shape = x.shape;
  if (shape.rank() > 0) shape[axis] = k;
  Array values(shape), indices(shape);
  std::vector<std::vector<size_t> > targets;
  each_line(values, axis,
            [&](const Values&, const std::vector<size_t>& at) { targets.push_back(at); });
  size_t line = 0;
  each_line(x, axis, [&](const Values& v, const std::vector<size_t>&) {
    std::vector<size_t> order(v.size());
    std::iota(order.begin(), order.end(), size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return descending ? v[a] > v[b] : v[a] < v[b]; });
    for (size_t i = 0; line < targets.size() && i < targets[line].size(); ++i) {
      values.values[targets[line][i]] = v[order[i]];
      indices.values[targets[line][i]] = static_cast<double>(order[i]);
    }
    ++line;
  });
  return {values, indices};
}

static Sample sorted(const Operand& x, int axis, bool descending, int64_t k = -1) {
  const Shape& shape = x.shape;
  const int along = axis < 0 ? axis + std::max(shape.rank(), 1) : axis;
  const int64_t count = k >= 0 ? k : shape.rank() == 0 ? 1 : shape[along];
  const auto call = [=](const Tensors& in) {
    const auto [values, indices] =
        k < 0 ? sort(in[0], axis, descending) : topk(in[0], k, axis, descending);
    return Tensors{values, indices};
  };
  return {.operands = {x},
          .call = call,
          .reference = [=](Arrays& in) { return ordered(in[0], along, count, descending); },
          .has_derivative = x.values.empty()};
}

TAPEHEAD_OP_TEST(sort)
    .sample(sorted(Operand(Shape{}), 0, false))
    .sample(sorted({{7}}, -1, true))
    .sample(sorted({{3, 4}}, 1, false))
    .sample(sorted({{4, 3}}, 0, true))
    .sample(sorted({{2, 5, 2}}, 1, false))
    .sample(sorted({{0, 3}}, 1, false))
    .sample(sorted({{3, 0}}, 1, false))
    .sample(sorted({{200, 60}}, 1, true))
    .sample(sorted(vector_of({2, 1, 2, 1, 3}), 0, false))  // stable for equal elements
    .sample(sorted(vector_of({2, 1, 2, 1, 3}), 0, true))
    .bad<IndexError>(
        [] {
          sort(core::full({2, 3}, 1), 2);
        },
        "sort: axis 2 is outside -2..1 of a tensor with 2 dimensions");
TAPEHEAD_OP_TEST(topk)
    .sample(sorted({{7}}, -1, true, 3))
    .sample(sorted({{3, 5}}, 1, false, 2))
    .sample(sorted({{5, 3}}, 0, true, 1))
    .sample(sorted({{2, 5, 2}}, 1, true, 5))
    .sample(sorted({{200, 60}}, 1, true, 10))
    .sample(sorted(vector_of({2, 1, 2, 1, 2}), 0, true, 2))
    .bad<ValueError>(
        [] {
          topk(core::full({2, 3}, 1), 4);
        },
        "topk: k = 4, but [2, 3] f32 has 3 elements along axis -1; pass 0..3")
    .bad<IndexError>(
        [] {
          topk(core::full({2, 3}, 1), 1, 2);
        },
        "topk: axis 2 is outside -2..1 of a tensor with 2 dimensions");

}  // namespace tapehead::op_tests
