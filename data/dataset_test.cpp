#include "tapehead/data/dataset.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/data/dataset_loader.h"
#include "tapehead/tests/optim_tools.h"

namespace tapehead::dataset_test {

using namespace test;
using data::Dataset;

namespace {

template <class E>
std::vector<E> all_of(const Dataset<E>& dataset) {
  std::vector<E> out;
  for (int64_t i = 0; i < dataset.size(); ++i) out.push_back(dataset[i]);
  return out;
}

Dataset<int64_t> squares(int64_t size) {
  return {size, [](int64_t i) { return i * i; }};
}

}  // namespace

TEST_CASE("datasets from vectors and functions, mapped, subsets and one after the other") {
  using Strings = std::vector<std::string>;
  const Dataset<std::string> words(Strings{"a", "b", "c"});
  CHECK(all_of(words) == Strings{"a", "b", "c"});
  CHECK(all_of(words.map([](const std::string& s) { return s.size(); })) ==
        std::vector<size_t>{1, 1, 1});
  CHECK(all_of(squares(4)) == std::vector<int64_t>{0, 1, 4, 9});
  CHECK(all_of(data::subset(squares(4), {3, 0, 3})) == std::vector<int64_t>{9, 0, 9});
  CHECK(all_of(data::concat(std::vector{squares(2), squares(0), squares(3)})) ==
        std::vector<int64_t>{0, 1, 0, 1, 4});
  CHECK(data::concat(std::vector<Dataset<int64_t>>{}).size() == 0);
}

TEST_CASE("random_split: disjoint parts, by lengths or fractions, for each seed its own") {
  struct Row {
    std::vector<double> lengths;
    std::vector<size_t> sizes;
  };
  const Row rows[] = {{{6, 4}, {6, 4}},
                      {{0.75, 0.25}, {8, 2}},
                      {{0.33, 0.33, 0.34}, {4, 3, 3}},
                      {{0, 10}, {0, 10}},
                      {{1}, {10}}};
  for (const Row& row : rows) {
    Generator generator{.seed = 3}, again{.seed = 3}, other{.seed = 4};
    const auto parts = data::random_split(squares(10), row.lengths, generator);
    REQUIRE(parts.size() == row.sizes.size());
    std::vector<int64_t> seen, repeated, different;
    for (size_t i = 0; i < parts.size(); ++i) {
      CHECK(parts[i].size() == static_cast<int64_t>(row.sizes[i]));
      for (const int64_t x : all_of(parts[i])) seen.push_back(x);
    }
    for (const auto& part : data::random_split(squares(10), row.lengths, again))
      for (const int64_t x : all_of(part)) repeated.push_back(x);
    for (const auto& part : data::random_split(squares(10), row.lengths, other))
      for (const int64_t x : all_of(part)) different.push_back(x);
    CHECK(seen == repeated);
    CHECK(seen != different);
    std::sort(seen.begin(), seen.end());
    CHECK(seen == all_of(squares(10)));
  }
}

TEST_CASE("tensor_dataset and the default collation") {
  const Tensor x = arange(12, f32), y = arange(3);
  const Tensor images = core::view_of(x, {3, 2, 2}, {1, 6, 3}, 0);  // with gaps
  auto loader =
      data::make_loader(data::tensor_dataset({images, y}), {.batch = 2, .shuffle = false});
  const std::vector<Tensor> batch = loader.next();
  REQUIRE(batch.size() == 2);
  CHECK(batch[0].shape() == Shape{2, 2, 2});
  CHECK(values(batch[0]) == std::vector<double>{0, 3, 6, 9, 1, 4, 7, 10});
  CHECK(batch[1].to_vector<int64_t>() == std::vector<int64_t>{0, 1});

  using Pair = std::pair<Tensor, int64_t>;
  const Dataset<Pair> pairs(5, [](int64_t i) { return Pair(full({2}, i), 10 * i); });
  auto of_pairs = data::make_loader(pairs, {.batch = 5, .shuffle = false});
  const auto [tensors, numbers] = of_pairs.next();
  CHECK(tensors.shape() == Shape{5, 2});
  CHECK(numbers.to_vector<int64_t>() == std::vector<int64_t>{0, 10, 20, 30, 40});
  CHECK(data::default_collate(std::vector<double>{0.5, 2}).dtype() == f32);
}

TEST_CASE("a loader's epochs are finite ranges, which go on where they stopped") {
  for (const int64_t prefetch : {0, 3}) {
    CAPTURE(prefetch);
    auto loader = data::make_loader(squares(10), [](const std::vector<int64_t>& e) { return e; },
                                    {.batch = 4, .seed = 5, .prefetch = prefetch});
    std::vector<std::vector<int64_t>> epochs;
    for (int epoch = 0; epoch < 3; ++epoch) {
      std::vector<int64_t>& seen = epochs.emplace_back();
      for (const std::vector<int64_t>& batch : loader.epoch()) {
        seen.insert(seen.end(), batch.begin(), batch.end());
        if (epoch == 1) break;
      }
      CHECK(loader.position() == data::LoaderPosition{epoch == 0   ? 1
                                                      : epoch == 1 ? 1
                                                                   : 2,
                                                      epoch == 1 ? 1 : 0});
    }
    CHECK(epochs[0].size() == 10);
    CHECK(epochs[1].size() == 4);
    CHECK(epochs[2].size() == 6);  // the rest of the second epoch
    CHECK(epochs[0] != epochs[2]);
  }
}

TEST_CASE("datasets: errors") {
  CHECK(error_of<IndexError>([] { squares(3).get(3); }) == "dataset: example 3 is outside 0..2");
  CHECK(error_of<ValueError>([] { squares(-1); }) == "dataset: size = -1; it must be 0 or more");
  CHECK(error_of<ValueError>([] { Dataset<int>(1, nullptr); }) ==
        "dataset: the function is empty; give a function of the index");
  CHECK(error_of<IndexError>([] {
          data::subset(squares(3), {0, 3});
        }) == "subset: indices[1] = 3 is outside 0..2");
  CHECK(error_of<ValueError>([] {
          data::random_split(squares(3), {1, 1});
        }) ==
        "random_split: the lengths sum to 2, the dataset has 3 examples; give lengths that sum to "
        "it, or fractions that sum to 1");
  CHECK(error_of<ValueError>([] {
          data::random_split(squares(3), {1.5, 1.5});
        }) == "random_split: lengths[0] = 1.5; it must be whole");
  CHECK(error_of<ValueError>([] {
          data::random_split(squares(3), {-1, 4});
        }) == "random_split: lengths[0] = -1; it must be 0 or more");
  CHECK(error_of<ValueError>([] { data::tensor_dataset({}); }) ==
        "tensor_dataset: there are no tensors");
  CHECK(error_of<ShapeError>([] {
          data::tensor_dataset({zeros({2, 3}), zeros({3})});
        }) ==
        "tensor_dataset: tensors[1] is [3], tensors[0] is [2, 3]; their first sizes must be equal");
  CHECK(error_of<ShapeError>([] {
          data::default_collate(std::vector{zeros({2}), zeros({3})});
        }) ==
        "default_collate: examples[1] is [3] f32, examples[0] is [2] f32; they must be alike");
  CHECK(error_of<DTypeError>([] {
          data::default_collate(std::vector{zeros({2}), zeros({2}, i64)});
        }) ==
        "default_collate: examples[1] is [2] i64, examples[0] is [2] f32; they must be alike");
  CHECK(error_of<ShapeError>([] {
          data::default_collate(std::vector<std::vector<Tensor>>{{zeros({2})}, {}});
        }) ==
        "default_collate: examples[1] has 0 tensors, examples[0] has 1; they must have as many");
}

}  // namespace tapehead::dataset_test
