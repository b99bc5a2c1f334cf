#include "tapehead/nn/rollout.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using tapehead::testing::error_of;
using tapehead::testing::values;

TEST_CASE("attention rollout is the product of its layers, each mixed with what it read") {
  // One sequence of two tokens. In both heads of the first layer, each token attends to the second;
  // in the second layer the heads differ, and their mean is uniform.
  const Tensor first = tensor({{{{0.0, 1.0}, {0.0, 1.0}}, {{0.0, 1.0}, {0.0, 1.0}}}}, f64);
  const Tensor second = tensor({{{{1.0, 0.0}, {1.0, 0.0}}, {{0.0, 1.0}, {0.0, 1.0}}}}, f64);
  CHECK(values(nn::attention_rollout({first})) == std::vector<double>{0.5, 0.5, 0, 1});
  // [0.75 0.25; 0.25 0.75] [0.5 0.5; 0 1]
  CHECK(values(nn::attention_rollout({first, second})) ==
        std::vector<double>{0.375, 0.625, 0.125, 0.875});
  // A query without keys counts as attending to itself.
  CHECK(values(nn::attention_rollout({zeros({1, 1, 2, 2}, f64), second})) ==
        std::vector<double>{0.75, 0.25, 0.25, 0.75});
}

TEST_CASE("what attention rollout refuses") {
  CHECK(error_of<ValueError>([] { nn::attention_rollout({}); }) ==
        "attention_rollout: no attention weights were given; request them with weights_of");
  const std::pair<std::vector<Tensor>, const char*> cases[] = {
      {{zeros({1, 2, 3, 4})}, "layer 0 are [1, 2, 3, 4]"},
      {{zeros({2, 3, 3})}, "layer 0 are [2, 3, 3]"},
      {{zeros({1, 2, 3, 3}), zeros({1, 2, 4, 4})}, "layer 1 are [1, 2, 4, 4]"}};
  for (const auto& row : cases)
    CHECK(error_of<ShapeError>([&] { nn::attention_rollout(row.first); }) ==
          "attention_rollout: the weights of " + std::string(row.second) +
              "; expected [B, H, T, T], of all queries");
}
