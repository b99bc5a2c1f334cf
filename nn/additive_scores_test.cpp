#include "tapehead/nn/additive_scores.h"

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

using nn::additive_scores;

Sample additive_of(int64_t B, int64_t S, int64_t A) {
  return {{Shape{B, S, A}, Shape{B, A}, Shape{A}},
          [](const Tensors& in) { return Tensors{additive_scores(in[0], in[1], in[2])}; },
          [=](Arrays& in) {
            Array y({B, S});
            for (int64_t b = 0; b < B; ++b)
              for (int64_t s = 0; s < S; ++s)
                for (int64_t j = 0; j < A; ++j)
                  y(b, s) += in[2][j] * std::tanh(in[0](b, s, j) + in[1](b, j));
            return Arrays{y};
          },
          A};
}

}  // namespace

TAPEHEAD_OP_TEST(additive_scores)
    .sample(additive_of(2, 3, 4))
    .sample(additive_of(1, 1, 19))
    .sample(additive_of(3, 2, 33))
    .bad<ShapeError>(
        [] {
          additive_scores(core::full({2, 3, 4}, 0), core::full({2, 5}, 0), core::full({4}, 0));
        },
        "additive_scores: keys are [2, 3, 4], query is [2, 5], v is [4]; expected [B, S, A], [B, "
        "A] and [A]");

}  // namespace tapehead::op_tests
