// The algorithmic tasks: each answer is what the inputs ask for.
#include "tapehead/data/algorithms.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tapehead/core/error.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::data;
using test::message_of;

namespace {

using Step = std::vector<float>;

// The steps of one sequence of a batch [B, T, C].
std::vector<Step> steps_of(const Tensor& batch, int64_t b) {
  const int64_t T = batch.size(1), C = batch.size(2);
  std::vector<Step> steps;
  for (int64_t t = 0; t < T; ++t) {
    const float* first = batch.data<float>() + (b * T + t) * C;
    steps.emplace_back(first, first + C);
  }
  return steps;
}

Step bits_of(const Step& step, int64_t bits) { return {step.begin(), step.begin() + bits}; }

bool is_marker(const Step& step, int64_t bits, int64_t number) {
  for (size_t i = 0; i < step.size(); ++i)
    if (step[i] != (static_cast<int64_t>(i) == bits + number ? 1 : 0)) return false;
  return true;
}

void check_silent(const std::vector<Step>& in, size_t from) {
  for (size_t t = from; t < in.size(); ++t)
    for (const float x : in[t]) REQUIRE(x == 0);
}

}  // namespace

TEST_CASE("copy asks for what it showed") {
  std::set<int64_t> lengths;
  double set = 0, count = 0;
  for (int64_t number = 0; number < 200; ++number) {
    const Episodes e = episodes({.batch = 3}, 1, number);
    const int64_t n = e.targets.size(1);
    lengths.insert(n);
    REQUIRE(e.inputs.shape() == Shape{3, 2 * n + 1, 9});
    REQUIRE(e.targets.shape() == Shape{3, n, 8});
    for (int64_t b = 0; b < 3; ++b) {
      const auto in = steps_of(e.inputs, b), out = steps_of(e.targets, b);
      for (size_t t = 0; t < out.size(); ++t) {
        REQUIRE(bits_of(in[t], 8) == out[t]);
        REQUIRE(in[t][8] == 0);
        for (const float x : out[t]) set += x, ++count;
      }
      REQUIRE(is_marker(in[out.size()], 8, 0));
      check_silent(in, out.size() + 1);
    }
  }
  CHECK(lengths.size() == 20);
  CHECK(*lengths.begin() == 1);
  CHECK(*lengths.rbegin() == 20);
  CHECK(std::abs(set / count - 0.5) < 0.02);
}

TEST_CASE("repeat-copy asks as often as its number says, and for an end") {
  std::set<int64_t> repeats;
  for (int64_t number = 0; number < 200; ++number) {
    const Episodes e = episodes({.task = Algorithm::repeat_copy, .batch = 1}, 2, number);
    REQUIRE(e.inputs.size(2) == 9);
    REQUIRE(e.targets.size(2) == 9);
    const auto in = steps_of(e.inputs, 0), out = steps_of(e.targets, 0);
    const size_t n = in.size() - out.size() - 1;
    const double asked = in[n][8] * std::sqrt(99.0 / 12) + 5.5;
    const auto r = static_cast<int64_t>(std::lround(asked));
    REQUIRE(std::abs(asked - static_cast<double>(r)) < 1e-5);
    repeats.insert(r);
    REQUIRE(out.size() == n * static_cast<size_t>(r) + 1);
    for (size_t t = 0; t + 1 < out.size(); ++t) {
      REQUIRE(bits_of(out[t], 8) == bits_of(in[t % n], 8));
      REQUIRE(out[t][8] == 0);
    }
    REQUIRE(is_marker(out.back(), 8, 0));
    check_silent(in, n + 1);
  }
  CHECK(repeats.size() == 10);
}

TEST_CASE("recall asks for the item after the one that it names") {
  std::set<int64_t> counts, asked;
  for (int64_t number = 0; number < 200; ++number) {
    const Episodes e = episodes({.task = Algorithm::recall, .batch = 2}, 3, number);
    REQUIRE(e.inputs.size(2) == 8);
    REQUIRE(e.targets.shape() == Shape{2, 3, 6});
    const auto in = steps_of(e.inputs, 1), out = steps_of(e.targets, 1);
    const size_t items = (in.size() - 8) / 4;
    counts.insert(static_cast<int64_t>(items));
    for (size_t i = 0; i < items; ++i) REQUIRE(is_marker(in[4 * i], 6, 0));
    REQUIRE(is_marker(in[4 * items], 6, 1));
    REQUIRE(is_marker(in[4 * items + 4], 6, 1));
    check_silent(in, 4 * items + 5);
    const auto item = [&](size_t first) {
      return std::vector<Step>(in.begin() + static_cast<ptrdiff_t>(first),
                               in.begin() + static_cast<ptrdiff_t>(first + 3));
    };
    bool found = false;  // that items are alike has a chance of 2^-18
    for (size_t i = 0; i + 1 < items; ++i)
      if (item(4 * i + 1) == item(4 * items + 1)) {
        found = true;
        asked.insert(static_cast<int64_t>(i));
        for (size_t k = 0; k < 3; ++k) REQUIRE(out[k] == bits_of(in[4 * (i + 1) + 1 + k], 6));
      }
    REQUIRE(found);
  }
  CHECK(counts == std::set<int64_t>{2, 3, 4, 5, 6});
  CHECK(asked == std::set<int64_t>{0, 1, 2, 3, 4});
}

TEST_CASE("sort asks for the vectors of the highest priorities, in order") {
  const Episodes e = episodes({.task = Algorithm::sort, .batch = 4}, 4, 0);
  CHECK(e.inputs.shape() == Shape{4, 37, 10});
  CHECK(e.targets.shape() == Shape{4, 16, 8});
  for (int64_t b = 0; b < 4; ++b) {
    auto in = steps_of(e.inputs, b);
    const auto out = steps_of(e.targets, b);
    CHECK(is_marker(in[20], 8, 1));
    check_silent(in, 21);
    in.resize(20);
    for (const Step& step : in) CHECK((std::abs(step[8]) <= 1 && step[9] == 0));
    std::sort(in.begin(), in.end(), [](const Step& x, const Step& y) { return x[8] > y[8]; });
    for (size_t t = 0; t < 16; ++t) CHECK(out[t] == bits_of(in[t], 8));
  }
  CHECK(episodes({.task = Algorithm::sort, .shortest = 3, .longest = 3}, 1, 0).targets.size(1) ==
        3);
}

TEST_CASE("episodes follow from the seed and the number of the batch") {
  const auto bits = [](uint64_t seed, int64_t number) {
    return episodes({.shortest = 6, .longest = 6}, seed, number).inputs.to_vector<float>();
  };
  CHECK(bits(1, 5) == bits(1, 5));
  CHECK(bits(1, 5) != bits(1, 6));
  CHECK(bits(1, 5) != bits(2, 5));
  CHECK(bits(1, 1) != bits(2, 0));
}

TEST_CASE("lengths can be others than the paper's, one bound or both") {
  CHECK(episodes({.shortest = 40}, 1, 0).targets.size(1) == 40);
  CHECK(episodes({.longest = 1}, 1, 0).targets.size(1) == 1);
  CHECK(episodes({.task = Algorithm::recall, .shortest = 9, .longest = 9}, 1, 0).inputs.size(1) ==
        4 * 9 + 8);
  const EpisodeOptions narrow{.task = Algorithm::recall, .bits = 4};
  CHECK(input_channels(narrow) == 6);
  CHECK(target_channels(narrow) == 4);
}

TEST_CASE("what episodes refuses") {
  const auto refuse = [](const EpisodeOptions& o) {
    return message_of<ValueError>([&] { episodes(o, 1, 0); });
  };
  CHECK(refuse({.batch = 0}) == "episodes: batch = 0 and bits = 8; they must be at least 1");
  CHECK(refuse({.shortest = 5, .longest = 4}) ==
        "episodes: lengths from 5 to 4; they must be at least 1, and in this order");
  CHECK(refuse({.task = Algorithm::recall, .shortest = 1}) ==
        "episodes: lengths from 1 to 6; they must be at least 2, and in this order");
  CHECK(refuse({.fewest = 3, .most = 2}) ==
        "episodes: repeats from 3 to 2; they must be at least 1, and in this order");
  CHECK(algorithm_from("repeat-copy") == Algorithm::repeat_copy);
  CHECK(message_of<ValueError>([] { algorithm_from("sum"); }) ==
        "task: unknown task 'sum'; use one of copy, repeat-copy, recall, sort");
}
