// Values are compared with PyTorch's in tests/parity/layers.cpp.
#include "tapehead/nn/embedding_bag.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/linear.h"
#include "tapehead/tests/expect.h"

namespace tapehead::embedding_bag_test {

using testing::error_of;
using testing::values;

TEST_CASE("embeddings of pretrained rows are frozen unless they are to be trained") {
  const nn::Params params;
  const Tensor rows = arange(6, f32).reshape({3, 2});
  const auto fixed = nn::Embedding::from_pretrained(params / "a", rows);
  const auto trained =
      nn::EmbeddingBag::from_pretrained(params / "b", rows, false, {.mode = EmbeddingBagMode::sum});
  CHECK(values(fixed(tensor({2, 0}))) == std::vector<double>{4, 5, 0, 1});
  CHECK(values(trained(tensor({{2, 0}}))) == std::vector<double>{4, 6});
  REQUIRE(params.trainable().size() == 1);
  CHECK(params.trainable()[0].path == "b.weight");
  CHECK_FALSE(trained.weight.is_same(rows));
  CHECK(error_of<ShapeError>([&] { nn::Embedding::from_pretrained(params / "c", zeros({3})); }) ==
        "embedding: the pretrained rows are [3]; expected [N, C] (in c)");
}

TEST_CASE("max_norm scales the rows that are read, and no others") {
  const nn::Params params;
  const Tensor rows = tensor({{3.0, 4.0}, {0.3, 0.4}, {6.0, 8.0}});
  const auto layer =
      nn::Embedding::from_pretrained(params / "a", rows, false, {.max_norm = 1, .norm_type = 2});
  const auto bags =
      nn::EmbeddingBag::from_pretrained(params / "b", rows, false, {.max_norm = 7, .norm_type = 1});
  CHECK(testing::difference(layer(tensor({0, 1, 0})), {0.6, 0.8, 0.3, 0.4, 0.6, 0.8}) < 1e-6);
  CHECK(testing::difference(layer.weight, {0.6, 0.8, 0.3, 0.4, 6, 8}) < 1e-6);
  sum(layer(tensor({0}))).backward();
  CHECK(values(layer.weight.grad()) == std::vector<double>{1, 1, 0, 0, 0, 0});
  CHECK(testing::difference(bags(tensor({{0, 2}})), {3, 4}) < 1e-6);
  const auto negative = nn::Embedding::from_pretrained(params / "n", rows, true, {.max_norm = -1});
  CHECK(error_of<ValueError>([&] { negative(tensor({0})); }) ==
        "embedding: max_norm = -1; it must be 0 or more (in n)");
}

// PyTorch divides the gradient of the i-th distinct id by the count of the i-th of all sorted ids.
TEST_CASE("scale_grad_by_freq divides the gradient of a row by the number of its ids") {
  const nn::Params params;
  const nn::EmbeddingBag bags(params / "b", 4, 1,
                              {.mode = EmbeddingBagMode::sum, .scale_grad_by_freq = true});
  const Tensor sums = bags(tensor({{1, 1, 2}, {3, 1, 1}}));
  sum(sums * tensor({{2.0}, {10.0}})).backward();
  CHECK(values(bags.weight.grad()) == std::vector<double>{0, 6, 2, 10});
}

}  // namespace tapehead::embedding_bag_test
