#include "tapehead/nn/linear.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using tapehead::testing::error_of;

TEST_CASE("every row of an embedding learns, but that of the padding") {
  for (const std::optional<int64_t> padding : {std::optional<int64_t>(), {1}, {-1}}) {
    const int64_t row = !padding ? -1 : *padding < 0 ? *padding + 4 : *padding;
    CAPTURE(row);
    nn::Params params;
    const nn::Embedding layer(params / "token", 4, 2, {.padding_idx = padding});
    sum(layer(arange(4))).backward();
    for (int64_t i = 0; i < 4; ++i) {
      CAPTURE(i);
      CHECK(sum(layer.weight.grad()[i]).item() == (i == row ? 0 : 2));
      CHECK((sum(abs(layer.weight[i])).item() == 0) == (i == row));
    }
  }
}

TEST_CASE("an embedding's padding must be one of its rows") {
  for (const int64_t padding : {4, -5}) {
    nn::Params params;
    CHECK(error_of<IndexError>([&] {
            nn::Embedding(params / "token", 4, 2, {.padding_idx = padding});
          }) == fmt::format("embedding: padding_idx = {} is outside -4..3 (in token)", padding));
  }
}
