#include <numeric>

#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {

static double sum_of(const Values& v) { return std::accumulate(v.begin(), v.end(), 0.0); }
static double mean_of(const Values& v) { return sum_of(v) / static_cast<double>(v.size()); }

TAPEHEAD_OP_TEST(sum)
    .samples(reductions(sum, sum_of))
    .bad<IndexError>(
        [] {
          sum(core::full({2, 3}, 1), 2);
        },
        "sum: axis 2 is outside -2..1 of a tensor with 2 dimensions")
    .bad<ValueError>(
        [] {
          sum(core::full({2, 3}, 1), {1, -1});
        },
        "sum: axis -1 is named twice in [1, -1]; name each axis once");
TAPEHEAD_OP_TEST(mean)
    .samples(reductions(mean, mean_of))
    .bad<DTypeError>([] { mean(core::full({2}, 1, i64)); },
                     "mean: expected a floating tensor, got [2] i64; convert with to(f32)");

// Sums a gradient that was broadcast from `to` to the operand's shape.
static Sample summed_to(const Shape& from, const Shape& to) {
  return {.operands = {{from}},
          .call = [to](const Tensors& x) { return Tensors{sum_to(x[0], to)}; },
          .reference =
              [to](Arrays& x) {
                Array index(to), out(to);
                std::iota(index.values.begin(), index.values.end(), 0.0);
                const Array where = broadcast(index, x[0].shape);
                for (int64_t i = 0; i < x[0].numel(); ++i)
                  out[static_cast<int64_t>(where.values[static_cast<size_t>(i)])] += x[0][i];
                return Arrays{out};
              },
          .reduces = from.numel() / std::max<int64_t>(to.numel(), 1)};
}
TAPEHEAD_OP_TEST(sum_to)
    .sample(summed_to({3, 4}, {3, 4}))
    .sample(summed_to({3, 4}, {4}))
    .sample(summed_to({3, 4}, {3, 1}))
    .sample(summed_to({3, 4}, {}))
    .sample(summed_to({2, 3, 4}, {1, 3, 1}))
    .sample(summed_to({1, 3, 1}, {3, 1}))
    .sample(summed_to({0, 3}, {3}))
    .sample(summed_to({90, 20, 30}, {20, 1}))
    .bad<ShapeError>(
        [] {
          sum_to(core::full({2, 3}, 1), {2});
        },
        "sum_to: shape [2] does not broadcast to [2, 3], so it cannot be summed to it");

}  // namespace tapehead::op_tests
