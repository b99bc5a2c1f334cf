#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

// Two calls drop the same elements.
template <auto F>
Sample drop_sample(const Shape& shape) {
  return {.operands = {{shape}}, .call = [](const Tensors& x) {
            Generator generator{1, 2};
            return Tensors{F(x[0], 0.25, true, generator)};
          }};
}

}  // namespace

TAPEHEAD_OP_TEST(dropout1d)
    .sample(drop_sample<dropout1d>({4, 3, 5}))
    .sample(drop_sample<dropout1d>({9, 2}))
    .bad<ShapeError>([] { dropout1d(ones({3})); },
                     "dropout1d: x is [3]; expected [B, C, L] or [C, L]");
TAPEHEAD_OP_TEST(dropout2d)
    .sample(drop_sample<dropout2d>({4, 3, 2, 3}))
    .bad<ValueError>(
        [] {
          dropout2d(ones({1, 1, 1}), -1);
        },
        "dropout2d: the probability -1 is outside 0..1");
TAPEHEAD_OP_TEST(dropout3d).sample(drop_sample<dropout3d>({4, 3, 2, 1, 2}));
TAPEHEAD_OP_TEST(alpha_dropout)
    .sample(drop_sample<alpha_dropout>({7, 5}))
    .bad<DTypeError>(
        [] { alpha_dropout(ones({2}, i64)); },
        "alpha_dropout: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(feature_alpha_dropout)
    .sample(drop_sample<feature_alpha_dropout>({4, 3, 2}))
    .bad<ShapeError>([] { feature_alpha_dropout(ones({3})); },
                     "feature_alpha_dropout: x is [3]; expected [B, C, ...]");

TEST_CASE("dropout of channels keeps or drops all of a channel") {
  const Tensor y = dropout2d(ones({40, 50, 2, 3}), 0.3).reshape({2000, 6});
  double kept = 0;
  for (int64_t i = 0; i < 2000; ++i) {
    const testing::Doubles channel = testing::values(y[i]);
    CHECK(channel == testing::Doubles(6, channel[0]));
    CHECK((channel[0] == 0 || channel[0] == doctest::Approx(1 / 0.7)));
    kept += channel[0] != 0;
  }
  CHECK(kept / 2000 == doctest::Approx(0.7).epsilon(0.06));
  const Tensor x = ones({2, 2, 2});
  CHECK(dropout1d(x, 0.5, false).is_same(x));
  CHECK(testing::values(alpha_dropout(x, 1)) == testing::Doubles(8, 0));
}

TEST_CASE("alpha dropout keeps mean and variance") {
  for (const double p : {0.1, 0.6}) {
    const Tensor y = alpha_dropout(randn({200000}), p);
    CHECK(std::abs(y.mean().item()) < 0.02);
    CHECK(std::abs(square(y).mean().item() - 1) < 0.02);
    const Tensor z = feature_alpha_dropout(randn({500, 400, 2}), p);
    CHECK(std::abs(square(z).mean().item() - 1) < 0.03);
  }
}

}  // namespace tapehead::op_tests
