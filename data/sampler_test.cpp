#include "tapehead/data/sampler.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tapehead/core/error.h"
#include "tapehead/data/loader.h"
#include "tapehead/tests/optim_tools.h"

namespace tapehead::sampler_test {

using namespace test;
using namespace data;

namespace {

using Which = std::vector<int64_t>;

Which sorted(Which x) {
  std::sort(x.begin(), x.end());
  return x;
}

Loader<Which> loader_of(int64_t count, const LoaderOptions& options) {
  return {count, [](std::span<const int64_t> w) { return Which(w.begin(), w.end()); }, options};
}

}  // namespace

TEST_CASE("samplers: the examples of an epoch") {
  CHECK(SequentialSampler{4}(7) == Which{0, 1, 2, 3});
  CHECK(sorted(RandomSampler{.size = 5}(0)) == Which{0, 1, 2, 3, 4});
  const Which many = RandomSampler{.size = 3, .num_samples = 7}(0);
  CHECK(sorted({many.begin(), many.begin() + 3}) == Which{0, 1, 2});
  CHECK(sorted({many.begin() + 3, many.begin() + 6}) == Which{0, 1, 2});
  CHECK(many.size() == 7);
  CHECK(sorted(SubsetRandomSampler{.indices = {2, 9, 4}}(0)) == Which{2, 4, 9});
  CHECK(sorted(WeightedRandomSampler{
            .weights = {1, 0, 5, 2}, .num_samples = 3, .replacement = false}(0)) == Which{0, 2, 3});
  CHECK(BatchSampler{SequentialSampler{5}, 2}(0) == std::vector<Which>{{0, 1}, {2, 3}, {4}});
  CHECK(BatchSampler{SequentialSampler{5}, 2, true}(0) == std::vector<Which>{{0, 1}, {2, 3}});
}

TEST_CASE("samplers: the same order for a seed and epoch, another one for others") {
  const std::vector<double> weights(50, 1);
  Which indices(50);
  for (int64_t i = 0; i < 50; ++i) indices[static_cast<size_t>(i)] = i;
  const std::function<Sampler(uint64_t)> makers[] = {
      [](uint64_t seed) { return RandomSampler{.size = 50, .seed = seed}; },
      [](uint64_t seed) { return RandomSampler{.size = 50, .replacement = true, .seed = seed}; },
      [&](uint64_t seed) {
        return WeightedRandomSampler{.weights = weights, .num_samples = 50, .seed = seed};
      },
      [&](uint64_t seed) {
        return WeightedRandomSampler{
            .weights = weights, .num_samples = 50, .replacement = false, .seed = seed};
      },
      [&](uint64_t seed) { return SubsetRandomSampler{.indices = indices, .seed = seed}; },
      [](uint64_t seed) {
        return DistributedSampler{.size = 100, .num_replicas = 2, .rank = 1, .seed = seed};
      },
  };
  for (size_t i = 0; i < std::size(makers); ++i) {
    CAPTURE(i);
    CHECK(makers[i](1)(3) == makers[i](1)(3));
    CHECK(makers[i](1)(3) != makers[i](1)(4));
    CHECK(makers[i](1)(3) != makers[i](2)(3));
    CHECK(makers[i](1)(3).size() == 50);
  }
}

TEST_CASE("WeightedRandomSampler draws by the weights") {
  const std::vector<double> weights = {1, 0, 2, 5};
  const Which drawn = WeightedRandomSampler{.weights = weights, .num_samples = 8000}(0);
  std::map<int64_t, double> counts;
  for (const int64_t i : drawn) ++counts[i];
  // Five standard deviations of a binomial distribution.
  for (const int64_t i : {0, 2, 3}) {
    const double p = weights[static_cast<size_t>(i)] / 8;
    CHECK(std::abs(counts[i] - 8000 * p) < 5 * std::sqrt(8000 * p * (1 - p)));
  }
  CHECK(counts[1] == 0);
  // Without replacement the first of two is drawn with these probabilities too.
  std::map<int64_t, double> first;
  const WeightedRandomSampler two{.weights = weights, .num_samples = 2, .replacement = false};
  for (int64_t epoch = 0; epoch < 800; ++epoch) ++first[two(epoch)[0]];
  CHECK(std::abs(first[3] - 500) < 5 * std::sqrt(800 * 0.625 * 0.375));
}

TEST_CASE("DistributedSampler gives every process its part, as PyTorch's") {
  struct Row {
    int64_t size, replicas;
    bool drop_last;
    std::vector<Which> parts;  // recorded from torch.utils.data.DistributedSampler
  };
  const Row rows[] = {
      {10, 3, false, {{0, 3, 6, 9}, {1, 4, 7, 0}, {2, 5, 8, 1}}},
      {10, 3, true, {{0, 3, 6}, {1, 4, 7}, {2, 5, 8}}},
      {4, 2, true, {{0, 2}, {1, 3}}},
      {2, 5, false, {{0}, {1}, {0}, {1}, {0}}},
  };
  for (const Row& row : rows)
    for (const bool shuffle : {false, true}) {
      CAPTURE(row.size);
      CAPTURE(shuffle);
      std::set<int64_t> seen;
      for (int64_t rank = 0; rank < row.replicas; ++rank) {
        const Which part = DistributedSampler{.size = row.size,
                                              .num_replicas = row.replicas,
                                              .rank = rank,
                                              .shuffle = shuffle,
                                              .drop_last = row.drop_last}(2);
        if (!shuffle) CHECK(part == row.parts[static_cast<size_t>(rank)]);
        CHECK(part.size() == row.parts[0].size());
        seen.insert(part.begin(), part.end());
      }
      const int64_t left = row.drop_last ? row.size / row.replicas * row.replicas : row.size;
      CHECK(static_cast<int64_t>(seen.size()) == left);
    }
}

TEST_CASE("a loader takes its order from a sampler, or its batches, and goes on within an epoch") {
  const LoaderOptions options[] = {
      {.batch = 3, .sampler = RandomSampler{.size = 10, .seed = 4}},
      {.batch = 3, .sampler = DistributedSampler{.size = 20, .num_replicas = 2, .rank = 1}},
      {.batch_sampler = BatchSampler{RandomSampler{.size = 10, .seed = 4}, 3}},
  };
  for (const LoaderOptions& o : options) {
    Loader<Which> whole = loader_of(20, o), resumed = loader_of(20, o);
    CHECK(whole.per_epoch() == 4);
    std::vector<Which> batches(9);
    for (Which& batch : batches) batch = whole.next();
    const auto expected =
        o.batch_sampler ? o.batch_sampler : Batches(BatchSampler{o.sampler, o.batch});
    for (size_t i = 0; i < batches.size(); ++i)
      CHECK(batches[i] == expected(static_cast<int64_t>(i / 4))[i % 4]);
    resumed.seek({1, 2});
    CHECK(resumed.next() == batches[6]);
    CHECK(resumed.next() == batches[7]);
    CHECK(resumed.next() == batches[8]);
  }
}

TEST_CASE("samplers: errors") {
  struct Row {
    std::function<void()> call;
    const char* text;
  };
  const Row rows[] = {
      {[] { SequentialSampler{-1}(0); }, "SequentialSampler: size = -1; it must be 0 or more"},
      {[] { RandomSampler{}(0); }, "RandomSampler: size = 0; it must be 1 or more"},
      {[] { WeightedRandomSampler{.weights = {1}}(0); },
       "WeightedRandomSampler: num_samples = 0; it must be 1 or more"},
      {[] {
         WeightedRandomSampler{.weights = {1, -2}, .num_samples = 1}(0);
       },
       "WeightedRandomSampler: weights[1] = -2; it must be 0 or more"},
      {[] { WeightedRandomSampler{.weights = {0}, .num_samples = 1}(0); },
       "WeightedRandomSampler: no weight is above 0"},
      {[] {
         WeightedRandomSampler{.weights = {1, 0, 1}, .num_samples = 3, .replacement = false}(0);
       },
       "WeightedRandomSampler: num_samples = 3 of 2 weights above 0; pass replacement = true, or "
       "fewer"},
      {[] { DistributedSampler{.size = 4, .num_replicas = 2, .rank = 2}(0); },
       "DistributedSampler: rank = 2; it must be within 0 … 1"},
      {[] { BatchSampler{.batch_size = 2}(0); },
       "BatchSampler: the sampler is empty; give a function of the epoch"},
      {[] { BatchSampler{SequentialSampler{3}}(0); },
       "BatchSampler: batch_size = 0; it must be 1 or more"},
      {[] {
         loader_of(5, {.batch = 2, .batch_sampler = BatchSampler{SequentialSampler{5}, 2}});
       },
       "loader: batch_sampler with batch, tokens or sampler; it takes their place, leave them out"},
      {[] { loader_of(5, {.batch = 2, .sampler = SequentialSampler{0}}); },
       "loader: the sampler gives no batch in epoch 0"},
  };
  for (const Row& row : rows) CHECK(error_of<ValueError>(row.call) == row.text);
  CHECK(error_of<IndexError>([] {
          loader_of(5, {.batch = 2, .sampler = SubsetRandomSampler{.indices = {5}}});
        }) == "loader: index 0 of the sampler is 5, outside 0..4");
}

}  // namespace tapehead::sampler_test
