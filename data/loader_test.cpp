#include "tapehead/data/loader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::test;

namespace {

using Which = std::vector<int64_t>;

std::vector<int64_t> lengths_like_sentences(int64_t count) {
  std::vector<int64_t> lengths;
  for (int64_t i = 0; i < count; ++i) lengths.push_back(3 + i * 7919 % 40);
  return lengths;
}

data::Loader<Which> loader_of(const data::LoaderOptions& options, int64_t count = 500) {
  return {lengths_like_sentences(count),
          [](std::span<const int64_t> w) { return Which(w.begin(), w.end()); }, options};
}

std::vector<Which> take(data::Loader<Which>& loader, int64_t count) {
  std::vector<Which> out;
  for (int64_t i = 0; i < count; ++i) out.push_back(loader.next());
  return out;
}

}  // namespace

TEST_CASE("loader: an epoch has every example once, whatever the options") {
  const data::LoaderOptions all[] = {{.batch = 7},
                                     {.batch = 7, .shuffle = false},
                                     {.batch = 16, .bucket = true, .seed = 3},
                                     {.tokens = 200, .seed = 9},
                                     {.tokens = 200, .bucket = true, .prefetch = 0}};
  for (const auto& options : all) {
    auto loader = loader_of(options);
    for (int epoch = 0; epoch < 2; ++epoch) {
      Which seen;
      do {
        const Which batch = loader.next();
        seen.insert(seen.end(), batch.begin(), batch.end());
      } while (loader.position().batch != 0);
      CHECK(loader.position().epoch == epoch + 1);
      std::sort(seen.begin(), seen.end());
      REQUIRE(seen.size() == 500);
      for (size_t i = 0; i < seen.size(); ++i) REQUIRE(seen[i] == static_cast<int64_t>(i));
    }
  }
}

TEST_CASE("loader: the same seed gives the same batches, with and without the thread") {
  const data::LoaderOptions options{.tokens = 150, .bucket = true, .seed = 4};
  auto a = loader_of(options),
       b = loader_of({.tokens = 150, .bucket = true, .seed = 4, .prefetch = 0});
  auto other = loader_of({.tokens = 150, .bucket = true, .seed = 5});
  const auto first = take(a, 300);
  CHECK(first == take(b, 300));
  CHECK(first != take(other, 300));
}

TEST_CASE("loader: it goes on from any position") {
  auto whole = loader_of({.batch = 9, .bucket = true, .seed = 1});
  const auto before = take(whole, 70);
  const data::LoaderPosition here = whole.position();
  const auto after = take(whole, 80);
  auto resumed = loader_of({.batch = 9, .bucket = true, .seed = 1});
  resumed.seek(here);
  CHECK(take(resumed, 80) == after);
}

TEST_CASE("loader: a collate that asks is told which batch it makes") {
  using Told = std::pair<Which, data::LoaderPosition>;
  const auto told = [] {
    return data::Loader<Told>(5,
                              [](std::span<const int64_t> w, const data::LoaderPosition& at) {
                                return Told{Which(w.begin(), w.end()), at};
                              },
                              {.batch = 2});
  };
  data::Loader<Told> loader = told();
  const data::LoaderPosition wanted[] = {{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}};
  std::vector<Told> all;
  for (const data::LoaderPosition& at : wanted) {
    all.push_back(loader.next());
    CHECK(all.back().second == at);
  }
  data::Loader<Told> later = told();
  later.seek({1, 0});
  CHECK(later.next() == all[3]);
}

TEST_CASE("loader: token batches keep their limit, and buckets waste less of it") {
  const auto lengths = lengths_like_sentences(500);
  const auto padded = [&](const Which& batch) {
    int64_t longest = 0;
    for (const int64_t i : batch) longest = std::max(longest, lengths[static_cast<size_t>(i)]);
    return longest * static_cast<int64_t>(batch.size());
  };
  int64_t waste[2] = {};
  for (const bool bucket : {false, true}) {
    auto loader = loader_of({.tokens = 200, .bucket = bucket});
    for (int64_t i = 0; i < loader.per_epoch(); ++i) {
      const Which batch = loader.next();
      CHECK(padded(batch) <= 200);
      waste[bucket] += padded(batch);
    }
  }
  CHECK(waste[true] < waste[false]);
}

TEST_CASE("loader: second lengths bring the other sides of pairs together as well") {
  std::vector<int64_t> others;
  for (int64_t i = 0; i < 4000; ++i) others.push_back(1 + i * 104'729 % 50);
  int64_t waste[2] = {};
  for (const bool second : {false, true}) {
    auto loader = loader_of(
        {.tokens = 200, .bucket = true, .second_lengths = second ? others : std::vector<int64_t>()},
        4000);
    for (int64_t i = 0; i < loader.per_epoch(); ++i) {
      const Which batch = loader.next();
      int64_t longest = 0;
      for (const int64_t j : batch) longest = std::max(longest, others[static_cast<size_t>(j)]);
      waste[second] += longest * static_cast<int64_t>(batch.size());
    }
  }
  CHECK(10 * waste[true] < 9 * waste[false]);
}

TEST_CASE("loader: drop_last, padding, and bad options") {
  auto loader = loader_of({.batch = 64, .drop_last = true});
  CHECK(loader.per_epoch() == 7);
  for (const Which& batch : take(loader, 20)) CHECK(batch.size() == 64);

  const Tensor padded = pad_rows({{1, 2, 3}, {}, {4}}, 9);
  CHECK(padded.shape() == Shape{3, 3});
  CHECK(padded.to_vector<int64_t>() == std::vector<int64_t>{1, 2, 3, 9, 9, 9, 4, 9, 9});

  const auto error = [](const data::LoaderOptions& options, int64_t count) {
    return message_of<ValueError>([&] { loader_of(options, count); });
  };
  CHECK(error({.batch = 1}, 0) == "loader: there are no examples");
  CHECK(error({}, 5) == "loader: batch = 0 and tokens = 0; give one of them");
  CHECK(error({.batch = 4, .tokens = 9}, 5) ==
        "loader: batch = 4 and tokens = 9; give one of them");
  CHECK(error({.tokens = 20}, 500).substr(0, 16) == "loader: example ");
  CHECK(error({.batch = 2, .second_lengths = {1, 2}}, 5) ==
        "loader: 2 second lengths for 5 examples; give one for each");
  CHECK(error({.batch = 8, .drop_last = true}, 5) == "loader: 5 examples do not fill a batch of 8");
}

TEST_CASE("loader: an error while a batch is made reaches the caller") {
  data::Loader<int> loader(
      10, [](std::span<const int64_t>) -> int { throw std::runtime_error("broken example"); },
      {.batch = 2});
  CHECK_THROWS_WITH(loader.next(), "broken example");
}

// A checkpoint of a run with smaller batches once led past the end of an epoch.
TEST_CASE("loader: a position where no batch is") {
  auto loader = loader_of({.batch = 100});
  loader.seek({3, 4});
  CHECK(loader.next().size() == 100);
  const auto error_at = [&](int64_t epoch, int64_t batch) {
    return message_of<ValueError>([&] { loader.seek({epoch, batch}); });
  };
  CHECK(error_at(1, 5) ==
        "loader: there is no batch 5 in epoch 1, which has 5; take the data and the options of the "
        "run that is resumed");
  CHECK(error_at(1, -1).starts_with("loader: there is no batch -1 in epoch 1"));
  CHECK(error_at(-1, 0).starts_with("loader: there is no batch 0 in epoch -1, which has 0"));
  CHECK(loader.position() == data::LoaderPosition{4, 0});  // as it was
}
