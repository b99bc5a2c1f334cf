#include <algorithm>

#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {

static Sample distribution(Tensor (*f)(const Tensor&, int64_t), bool log, const Shape& shape,
                           int axis, double range = 4) {
  return {.operands = {{shape, -range, range}},
          .call = [f, axis](const Tensors& x) { return Tensors{f(x[0], axis)}; },
          .reference =
              [log, axis](Arrays& x) {
                Array out = x[0];
                const int rank = std::max(x[0].shape.rank(), 1);
                each_line(x[0], axis < 0 ? axis + rank : axis,
                          [&](const Values& v, const std::vector<size_t>& at) {
                            const double top = *std::max_element(v.begin(), v.end());
                            double total = 0;
                            for (const double value : v) total += std::exp(value - top);
                            for (size_t i = 0; i < v.size(); ++i)
                              out.values[at[i]] =
                                  log ? v[i] - top - std::log(total) : std::exp(v[i] - top) / total;
                          });
                return Arrays{out};
              },
          .reduces = shape.rank() == 0 ? 1 : shape[axis < 0 ? axis + shape.rank() : axis]};
}
static std::vector<Sample> distributions(Tensor (*f)(const Tensor&, int64_t), bool log) {
  std::vector<Sample> out;
  for (const auto& [shape, axis] : std::vector<std::pair<Shape, int> >{{{}, 0},
                                                                       {{1}, 0},
                                                                       {{5}, -1},
                                                                       {{3, 4}, 1},
                                                                       {{3, 4}, 0},
                                                                       {{2, 3, 5}, 1},
                                                                       {{2, 3, 2}, -3},
                                                                       {{2, 37}, -1},
                                                                       {{37, 2}, 0},
                                                                       {{0, 3}, 1},
                                                                       {{3, 0}, 1},
                                                                       {{2, 70}, 0},
                                                                       {{130, 100}, 1},
                                                                       {{40, 3, 150}, 1},
                                                                       {{5000}, 0}})
    out.push_back(distribution(f, log, shape, axis));
  out.push_back(distribution(f, log, {4, 6}, 1, 300));  // exp() of these would overflow
  return out;
}

TAPEHEAD_OP_TEST(softmax)
    .samples(distributions(softmax, false))
    .bad<DTypeError>([] { softmax(core::full({2}, 1, i64), 0); },
                     "softmax: expected a floating tensor, got [2] i64; convert with to(f32)")
    .bad<IndexError>([] { softmax(core::full({2}, 1), 1); },
                     "softmax: axis 1 is outside -1..0 of a tensor with 1 dimension");
TAPEHEAD_OP_TEST(softmin).sample({.operands = {{{3, 4}}},
                                  .call =
                                      [](const Tensors& x) { return Tensors{softmin(-x[0], 1)}; },
                                  .reference = distribution(softmax, false, {3, 4}, 1).reference,
                                  .reduces = 4});
TAPEHEAD_OP_TEST(log_softmax)
    .samples(distributions(log_softmax, true))
    .bad<DTypeError>([] { log_softmax(core::full({2}, 1, boolean), 0); },
                     "log_softmax: expected a floating tensor, got [2] bool; convert with to(f32)");
TAPEHEAD_OP_TEST(logsumexp)
    .samples(reductions(logsumexp,
                        [](const Values& v) {
                          double total = 0;
                          for (const double x : v) total += std::exp(x);
                          return std::log(total);
                        }))
    .bad<DTypeError>([] { logsumexp(core::full({2}, 1, i64)); },
                     "logsumexp: expected a floating tensor, got [2] i64; convert with to(f32)");

}  // namespace tapehead::op_tests
