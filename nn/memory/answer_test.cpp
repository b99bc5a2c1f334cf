#include "tapehead/nn/memory/answer.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"

using namespace tapehead;

TEST_CASE("positions of words are those of the paper") {
  const Tensor l = nn::position_encoding(4, 2);
  REQUIRE(l.shape() == Shape{4, 2});
  for (int64_t j = 1; j <= 4; ++j)
    for (int64_t k = 1; k <= 2; ++k) {
      const double at = static_cast<double>(j) / 4, by = static_cast<double>(k) / 2;
      CHECK(l[j - 1][k - 1].item() == doctest::Approx(2 * ((1 - at) - by * (1 - 2 * at))));
    }
}
