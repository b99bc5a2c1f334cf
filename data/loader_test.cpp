#include "tapehead/data/loader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/child.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::loader_test {

using namespace test;

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

TEST_CASE("loader: seeds of examples depend on the epoch and the example, not on the batch") {
  using Seeds = std::vector<uint64_t>;
  const Which which{2, 0}, one{2};
  CHECK(data::example_seeds(which, {.epoch = 0, .batch = 3}, 10, 500) == Seeds{502, 500});
  CHECK(data::example_seeds(which, {.epoch = 2, .batch = 1}, 10, 500) == Seeds{522, 520});
  CHECK(data::example_seeds(one, {.epoch = 2, .batch = 0}, 10, 500) == Seeds{522});
}

// Random numbers that a batch was made of came from the model's generator, in the order of threads.
TEST_CASE("loader: what a batch draws depends on the seed and its position alone") {
  using Numbers = std::vector<double>;
  const auto drawing = [](uint64_t seed, int64_t prefetch) {
    return data::Loader<Numbers>(10,
                                 [](std::span<const int64_t> w) {
                                   auto numbers =
                                       randn({static_cast<int64_t>(w.size())}).to_vector<double>();
                                   numbers.push_back(rand({}).item());
                                   return numbers;
                                 },
                                 {.batch = 4, .seed = seed, .prefetch = prefetch});
  };
  std::vector<std::vector<Numbers>> runs;
  for (const int64_t prefetch : {0, 1, 4}) {
    CAPTURE(prefetch);
    manual_seed(static_cast<uint64_t>(prefetch));
    const double model = randn({}).item();
    manual_seed(static_cast<uint64_t>(prefetch));
    auto loader = drawing(1, prefetch);
    auto& batches = runs.emplace_back();
    batches.push_back(loader.next());
    CHECK(randn({}).item() == model);
    for (int i = 1; i < 12; ++i) batches.push_back(loader.next());
    CHECK(batches == runs[0]);

    auto resumed = drawing(1, prefetch);
    resumed.seek({2, 1});
    CHECK(resumed.next() == batches[7]);
  }
  for (size_t i = 0; i < 12; ++i)
    for (size_t j = 0; j < i; ++j) CHECK(runs[0][i] != runs[0][j]);
  CHECK(drawing(2, 4).next() != runs[0][0]);
}

// The thread sanitizer knows no threads that start in a child.
#if !defined(__SANITIZE_THREAD__)
// The child waited for a thread that it does not have.
TEST_CASE("loader: in a child of fork() it goes on") {
  auto loader = loader_of({.batch = 9, .seed = 1}), same = loader_of({.batch = 9, .seed = 1});
  take(loader, 3);
  take(same, 3);
  const auto text = [](data::Loader<Which>& from) {
    std::string out;
    for (const Which& batch : take(from, 100))
      for (const int64_t i : batch) out += std::to_string(i) + " ";
    return out;
  };
  const std::string child = in_child([&] {
    std::string numbers = text(loader);
    loader.seek({0, 0});
    return numbers + std::to_string(loader.next()[0]);
  });
  const std::string wanted = text(same);
  same.seek({0, 0});
  CHECK(child == wanted + std::to_string(same.next()[0]));
}
#endif

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
  CHECK(error({}, 5) == "loader: batch = 0 and tokens = 0; give exactly one of them");
  CHECK(error({.batch = 4, .tokens = 9}, 5) ==
        "loader: batch = 4 and tokens = 9; give exactly one of them");
  CHECK(error({.tokens = 20}, 500).substr(0, 16) == "loader: example ");
  CHECK(error({.batch = 2, .second_lengths = {1, 2}}, 5) ==
        "loader: 2 second lengths for 5 examples; give one for each");
  CHECK(error({.batch = 8, .drop_last = true}, 5) == "loader: 5 examples do not fill a batch of 8");
}

TEST_CASE("loader: an error while a batch is made reaches the caller, whenever it asks for it") {
  for (const int64_t prefetch : {0, 4}) {
    data::Loader<int> loader(10,
                             [](std::span<const int64_t> w) {
                               if (w[0] == 4) throw std::runtime_error("broken example");
                               return 1;
                             },
                             {.batch = 2, .shuffle = false, .prefetch = prefetch});
    loader.next();
    loader.next();
    for (int i = 0; i < 3; ++i) CHECK_THROWS_WITH(loader.next(), "broken example");
    CHECK(loader.position() == data::LoaderPosition{0, 2});
  }
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
        "loader: there is no batch 5 in epoch 1, which has 5; use the data and options of the "
        "resumed run");
  CHECK(error_at(1, -1).starts_with("loader: there is no batch -1 in epoch 1"));
  CHECK(error_at(-1, 0).starts_with("loader: there is no batch 0 in epoch -1, which has 0"));
  CHECK(loader.position() == data::LoaderPosition{4, 0});  // as it was
}

}  // namespace tapehead::loader_test
