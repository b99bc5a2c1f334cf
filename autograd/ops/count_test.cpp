#include <algorithm>

#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {

static bool is_true(double x) { return x != 0; }
static constexpr ReductionRange kRange{.differentiable = false};

// Distinguishes any from all: in each row the mask is mostly true or mostly false.
static Sample of_mask(ReductionCall f, bool all_of) {
  return {.operands = {mask({5, 4})},
          .call = [f](const Tensors& x) { return Tensors{f(x[0], 1, false)}; },
          .reference =
              [all_of](Arrays& x) {
                Array out(Shape{5});
                for (int64_t i = 0; i < 5; ++i) {
                  out[i] = all_of;
                  for (int64_t j = 0; j < 4; ++j)
                    out[i] = all_of ? out[i] != 0 && is_true(x[0](i, j))
                                    : out[i] != 0 || is_true(x[0](i, j));
                }
                return Arrays{out};
              },
          .differentiable = false};
}

TAPEHEAD_OP_TEST(any)
    .samples(reductions(
        any, [](const Values& v) { return double(std::any_of(v.begin(), v.end(), is_true)); },
        kRange))
    .sample(of_mask(any, false))
    .bad<IndexError>([] { any(core::full({2}, 1), 1); },
                     "any: axis 1 is outside -1..0 of a tensor with 1 dimension");
TAPEHEAD_OP_TEST(all)
    .samples(reductions(
        all, [](const Values& v) { return double(std::all_of(v.begin(), v.end(), is_true)); },
        kRange))
    .sample(of_mask(all, true));
TAPEHEAD_OP_TEST(count_nonzero)
    .samples(reductions(
        [](const Tensor& x, const Axes& axes, bool keepdim) {
          const Tensor y = count_nonzero(x, axes);
          return keepdim ? y.reshape(sum(x, axes, true).shape()) : y;
        },
        [](const Values& v) { return double(std::count_if(v.begin(), v.end(), is_true)); },
        kRange));

}  // namespace tapehead::op_tests
