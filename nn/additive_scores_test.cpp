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

Sample location_of(int64_t B, int64_t S, int64_t A, int64_t K) {
  return {
      {Shape{B, S, A}, Shape{B, A}, Shape{A}, Shape{B, S, K}, Shape{A, K}},
      [](const Tensors& in) { return Tensors{additive_scores(in[0], in[1], in[2], in[3], in[4])}; },
      [=](Arrays& in) {
        Array y({B, S});
        for (int64_t b = 0; b < B; ++b)
          for (int64_t s = 0; s < S; ++s)
            for (int64_t j = 0; j < A; ++j) {
              double hidden = in[0](b, s, j) + in[1](b, j);
              for (int64_t k = 0; k < K; ++k) hidden += in[3](b, s, k) * in[4](j, k);
              y(b, s) += in[2][j] * std::tanh(hidden);
            }
        return Arrays{y};
      },
      A + K};
}

}  // namespace

TAPEHEAD_OP_TEST(additive_scores)
    .sample(additive_of(2, 3, 4))
    .sample(additive_of(1, 1, 19))
    .sample(additive_of(3, 2, 33))
    .sample(location_of(2, 3, 5, 2))
    .sample(location_of(1, 2, 17, 1))
    .sample(location_of(1, 2, 83, 3))
    .bad<ShapeError>(
        [] {
          additive_scores(core::full({2, 3, 4}, 0), core::full({2, 5}, 0), core::full({4}, 0));
        },
        "additive_scores: keys are [2, 3, 4], query is [2, 5], v is [4]; expected [B, S, A], [B, "
        "A] and [A]")
    .bad<ValueError>(
        [] {
          additive_scores(core::full({2, 3, 4}, 0), core::full({2, 4}, 0), core::full({4}, 0),
                          core::full({2, 3, 1}, 0));
        },
        "additive_scores: features and their weight come together; pass both")
    .bad<ShapeError>(
        [] {
          additive_scores(core::full({2, 3, 4}, 0), core::full({2, 4}, 0), core::full({4}, 0),
                          core::full({2, 3, 2}, 0), core::full({2, 4}, 0));
        },
        "additive_scores: keys are [2, 3, 4], features are [2, 3, 2], weight is [2, 4]; expected "
        "[B, S, A], [B, S, K] and [A, K]");

}  // namespace tapehead::op_tests
