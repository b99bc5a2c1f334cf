#include "tapehead/core/random.h"

#include <Random123/philox.h>
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/random.h"
#include "tapehead/core/parallel.h"
#include "tapehead/tests/statistics.h"

namespace tapehead {
namespace {

using kernels::kRandomGroup;

// The position in our layout of word `w` of counter `index`.
uint32_t our_word(uint64_t seed, uint64_t draw, uint64_t index, int w) {
  uint32_t words[kRandomGroup];
  kernels::random().words({seed, draw}, index / 16, 1, words);
  return words[16 * w + static_cast<int>(index % 16)];
}

struct Moments {
  double mean = 0, variance = 0, skew = 0, kurtosis = 0, smallest = INFINITY, largest = -INFINITY;
  explicit Moments(const Tensor& t) {
    const std::vector<double> x = t.to_vector<double>();
    const auto n = static_cast<double>(x.size());
    for (const double v : x) mean += v / n;
    for (const double v : x) {
      const double d = v - mean;
      variance += d * d / n, skew += d * d * d / n, kurtosis += d * d * d * d / n;
      smallest = std::min(smallest, v), largest = std::max(largest, v);
    }
    skew /= std::pow(variance, 1.5), kurtosis /= variance * variance;
  }
};

using statistics::distance;

double normal_cdf(double x) { return std::erfc(-x / std::sqrt(2)) / 2; }

TEST_CASE("Philox4x32-10 gives the words that its authors publish") {
  struct Known {
    uint64_t seed, draw, index;
    uint32_t words[4];
  };
  const Known known[] = {
      {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {~0ull, ~0ull, ~0ull, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {0x299f31d0a4093822,
       0x0370734413198a2e,
       0x85a308d3243f6a88,
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (const Known& k : known)
    for (int w = 0; w < 4; ++w) CHECK(our_word(k.seed, k.draw, k.index, w) == k.words[w]);
}

TEST_CASE("the kernel generates Random123's words") {
  uint64_t state = 1;
  for (int round = 0; round < 200; ++round) {
    const auto mixed = [&] { return state = state * 6364136223846793005u + 1442695040888963407u; };
    const uint64_t seed = mixed(), draw = mixed(), index = mixed();
    const auto half = [](uint64_t x, int i) { return static_cast<uint32_t>(x >> (32 * i)); };
    const philox4x32_ctr_t counter = {
        {half(index, 0), half(index, 1), half(draw, 0), half(draw, 1)}};
    const philox4x32_key_t key = {{half(seed, 0), half(seed, 1)}};
    const philox4x32_ctr_t words = philox4x32_R(10, counter, key);
    for (int w = 0; w < 4; ++w) CHECK(our_word(seed, draw, index, w) == words.v[w]);
  }
}

TEST_CASE("random numbers depend on seed and draw, not on threads, type of view or history") {
  const int threads = num_threads();
  for (const DType dtype : {f32, f64, bf16, f16}) {
    CAPTURE(name(dtype));
    Generator a{42, 0}, b{42, 0};
    set_num_threads(1);
    const Tensor x = randn({100003}, dtype, a), u = rand({77, 99}, dtype, a);
    set_num_threads(4);
    CHECK(x.to_vector<double>() == randn({100003}, dtype, b).to_vector<double>());
    CHECK(a.draws == 2);
    Tensor view = empty({99, 77}, dtype);
    core::fill_uniform(core::view_of(view, {77, 99}, {1, 77}, 0), 0, 1, b);
    CHECK(u.to_vector<double>() == core::view_of(view, {77, 99}, {1, 77}, 0).to_vector<double>());
    // The first elements do not depend on the number of elements.
    Generator c{42, 0};
    const std::vector<double> all = x.to_vector<double>(),
                              few = randn({70}, dtype, c).to_vector<double>();
    CHECK(std::equal(few.begin(), few.end(), all.begin()));
  }
  set_num_threads(threads);
}

TEST_CASE("a generator's state is its value") {
  manual_seed(7);
  const Tensor first = randn({10});
  const Generator before = default_generator();
  const Tensor second = randn({10});
  default_generator() = before;
  CHECK(randn({10}).to_vector<float>() == second.to_vector<float>());
  manual_seed(7);
  CHECK(randn({10}).to_vector<float>() == first.to_vector<float>());
  CHECK(first.to_vector<float>() != second.to_vector<float>());
  manual_seed(8);
  CHECK(randn({10}).to_vector<float>() != first.to_vector<float>());
}

TEST_CASE("uniform numbers are uniform, and stay below the end") {
  Generator g{1, 0};
  for (const DType dtype : {f32, f64}) {
    const Tensor x = rand({200000}, dtype, g);
    CHECK(distance(x, [](double v) { return v; }) < 1.95);
    CHECK(Moments(x).smallest >= 0);
    CHECK(Moments(x).largest < 1);
  }
  const Tensor coarse = rand({200000}, bf16, g);
  CHECK(Moments(coarse).mean == doctest::Approx(0.5 - 1 / 512.0).epsilon(0.005));
  CHECK(Moments(coarse).largest == 255 / 256.0);
  const Tensor fine = rand({200000}, f16, g);
  CHECK(Moments(fine).mean == doctest::Approx(0.5).epsilon(0.005));
  CHECK(Moments(fine).largest == 2047 / 2048.0);
  const Tensor narrow = empty({1 << 20});
  // A range with few floats, where rounding would reach the end.
  core::fill_uniform(narrow, 1, 1 + 0x1p-22, g);
  CHECK(Moments(narrow).largest < 1 + 0x1p-22);
  CHECK(Moments(narrow).smallest == 1);
}

TEST_CASE("normal numbers are normal") {
  Generator g{2, 0};
  for (const DType dtype : {f32, f64}) {
    const Tensor x = randn({1000000}, dtype, g);
    CHECK(distance(x, normal_cdf) < 1.95);
    const Moments m(x);
    CHECK(std::abs(m.mean) < 0.004);
    CHECK(std::abs(m.variance - 1) < 0.006);
    CHECK(std::abs(m.skew) < 0.01);
    CHECK(std::abs(m.kurtosis - 3) < 0.03);
    CHECK(m.largest > 4.2);
    // Neighbours in a group, including the two of a Box-Muller pair, are uncorrelated.
    const std::vector<double> v = x.to_vector<double>();
    for (const size_t lag : {1, 16, 32}) {
      double correlation = 0;
      for (size_t i = 0; i + lag < v.size(); ++i) correlation += v[i] * v[i + lag];
      CHECK(std::abs(correlation / 1e6) < 0.004);
    }
  }
  const Tensor shifted = empty({100000}, bf16);
  core::fill_normal(shifted, 5, 0.5, g);
  CHECK(Moments(shifted).mean == doctest::Approx(5).epsilon(0.01));
  CHECK(Moments(shifted).variance == doctest::Approx(0.25).epsilon(0.02));
}

TEST_CASE("truncated normal numbers follow the conditional distribution, far out too") {
  Generator g{3, 0};
  struct Range {
    double mean, std, from, to;
  };
  for (const Range& r :
       {Range{0, 1, -2, 2}, Range{1, 2, 0, 9}, Range{0, 1, 6, 7}, Range{0, 1, -30, -29}}) {
    const Tensor x = empty({50000}, f64);
    core::fill_truncated_normal(x, r.mean, r.std, r.from, r.to, g);
    const double sign = r.from > r.mean ? -1 : 1;  // the tail where probabilities are precise
    const auto tail = [&](double v) { return normal_cdf(sign * (v - r.mean) / r.std); };
    CHECK(distance(x, [&](double v) {
            return (tail(v) - tail(r.from)) / (tail(r.to) - tail(r.from));
          }) < 1.95);
    CHECK(Moments(x).smallest >= r.from);
    CHECK(Moments(x).largest <= r.to);
  }
}

TEST_CASE("exponential numbers, and those of Laplace and Gumbel") {
  Generator g{4, 0};
  for (const DType dtype : {f32, f64}) {
    const Tensor x = empty({200000}, dtype);
    core::fill_exponential(x, 3, g);
    CHECK(distance(x, [](double v) { return -std::expm1(-3 * v); }) < 1.95);
    // Small numbers are as precise as large ones: a tenth of the draws below 1e-3 is below 1e-4.
    double small = 0, tiny = 0;
    for (const double v : x.to_vector<double>()) small += v < 1e-3, tiny += v < 1e-4;
    CHECK(tiny / small == doctest::Approx(0.1).epsilon(0.3));
    CHECK(Moments(x).smallest > 0);
    core::fill_laplace(x, -1, 2, g);
    CHECK(distance(x, [](double v) {
            const double tail = std::exp(-std::abs(v + 1) / 2) / 2;
            return v < -1 ? tail : 1 - tail;
          }) < 1.95);
    core::fill_gumbel(x, 1, 0.5, g);
    CHECK(distance(x, [](double v) { return std::exp(-std::exp(-(v - 1) / 0.5)); }) < 1.95);
    CHECK(std::isfinite(Moments(x).largest));
  }
  const Tensor x = empty({2});
  CHECK_THROWS_WITH_AS(core::fill_exponential(x, 0, g),
                       "exponential: the rate is 0; it must be positive", ValueError);
  CHECK_THROWS_WITH_AS(core::fill_gumbel(x, 2, 0, g),
                       "gumbel: the scale (the second) must be positive, but they are 2 and 0",
                       ValueError);
}

TEST_CASE("integers are equally probable") {
  Generator g{5, 0};
  const Tensor dice = randint(1, 7, {60000}, i64, g);
  int64_t counts[7] = {};
  for (const int64_t v : dice.to_vector<int64_t>()) ++counts[v];
  double chi2 = 0;
  for (int v = 1; v <= 6; ++v) chi2 += std::pow(static_cast<double>(counts[v]) - 10000, 2) / 10000;
  CHECK(chi2 < 20.5);  // five degrees of freedom: p = 0.001

  // A range of 3/4 of 2^64: the plain remainder would fall into its first third twice as often.
  const int64_t half = INT64_MAX / 2 + 1;
  const Tensor wide = randint(-half - half / 2 * 2, half, {30000}, i64, g);
  double third = 0;
  for (const int64_t v : wide.to_vector<int64_t>()) third += v < -half ? 1 : 0;
  CHECK(third / 30000 == doctest::Approx(1 / 3.0).epsilon(0.03));

  CHECK(Moments(randint(256, {5000}, u8, g)).largest == 255);
  CHECK_THROWS_WITH_AS(randint(3, 3, {2}),
                       "randint: there is no integer x with 3 <= x < 3; the bounds must rise",
                       ValueError);
}

// Regression: only some integers of a large range were drawn, and `to` itself was.
TEST_CASE("integers are drawn only in a type that holds all of them") {
  struct Limits {
    DType dtype;
    int64_t least, most;
  };
  Generator g{8, 0};
  for (const Limits& l :
       {Limits{u8, 0, 255}, Limits{i32, INT32_MIN, INT32_MAX}, Limits{bf16, -256, 256},
        Limits{i8, -128, 127}, Limits{i16, -32768, 32767}, Limits{f16, -2048, 2048},
        Limits{f32, -(1 << 24), 1 << 24}, Limits{f64, -(int64_t{1} << 53), int64_t{1} << 53}}) {
    CAPTURE(name(l.dtype));
    for (const auto& [from, to] :
         {std::pair(l.least, l.least + 2), std::pair(l.most - 1, l.most + 1)}) {
      const Moments drawn(randint(from, to, {100}, l.dtype, g));
      CHECK(drawn.smallest == static_cast<double>(from));
      CHECK(drawn.largest == static_cast<double>(to - 1));
    }
    for (const auto& [from, to] :
         {std::pair(l.least - 1, l.most + 1), std::pair(l.least, l.most + 2)}) {
      const Generator before = g;
      CHECK_THROWS_WITH_AS(
          randint(from, to, {2}, l.dtype, g),
          fmt::format(
              "randint: {} <= x < {}, but {} holds all integers only from {} to {}; use i64", from,
              to, name(l.dtype), l.least, l.most)
              .c_str(),
          ValueError);
      CHECK(g == before);
    }
  }
}

TEST_CASE("a scope of random numbers leaves those outside as they are") {
  manual_seed(4);
  const double first = randn({}).item(), second = randn({}).item();
  const auto inside = [] {
    const RandomScope scope({.seed = 9});
    return randn({}).item();
  };
  manual_seed(4);
  CHECK(randn({}).item() == first);
  const double of_scope = inside();
  CHECK(randn({}).item() == second);
  CHECK(inside() == of_scope);
  Generator same{.seed = 9};
  CHECK(randn({}, f32, same).item() == of_scope);
}

TEST_CASE("folding numbers into seeds gives others, for each") {
  std::vector<uint64_t> seeds;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    seeds.push_back(seed);
    for (uint64_t a = 0; a < 20; ++a)
      for (uint64_t b = 0; b < 20; ++b) seeds.push_back(fold_in(fold_in(seed, a), b));
  }
  std::sort(seeds.begin(), seeds.end());
  CHECK(std::adjacent_find(seeds.begin(), seeds.end()) == seeds.end());
}

TEST_CASE("a permutation has every number once, everywhere") {
  Generator g{6, 0};
  double first = 0;
  for (int round = 0; round < 300; ++round) {
    std::vector<int64_t> p = randperm(100, g).to_vector<int64_t>();
    first += static_cast<double>(p[0]) / 300;
    std::sort(p.begin(), p.end());
    for (int64_t i = 0; i < 100; ++i) REQUIRE(p[static_cast<size_t>(i)] == i);
  }
  CHECK(first == doctest::Approx(49.5).epsilon(0.12));
  CHECK(randperm(0, g).numel() == 0);
  CHECK_THROWS_WITH_AS(randperm(-1), "randperm: n is -1; it must not be negative", ValueError);
}

TEST_CASE("bernoulli") {
  Generator g{7, 0};
  for (const double p : {0.0, 0.1, 1.0}) {
    const Tensor x = empty({100000}, boolean);
    core::fill_bernoulli(x, p, g);
    CHECK(Moments(x).mean == doctest::Approx(p).epsilon(0.05));
  }
  CHECK_THROWS_WITH_AS(core::fill_bernoulli(empty({2}), 1.5, g),
                       "bernoulli: the probability 1.5 is outside 0..1", ValueError);
}

TEST_CASE("random fills name what they do not take") {
  const Tensor x = empty({2}, i64);
  Generator g;
  CHECK_THROWS_WITH_AS(core::fill_normal(x, 0, 1, g),
                       "normal: i64 is not supported; use f32, f64, bf16 or f16", DTypeError);
  CHECK_THROWS_WITH_AS(core::fill_uniform(empty({2}), 2, 1, g),
                       "uniform: the bounds must rise, but they are 2 and 1", ValueError);
}

}  // namespace
}  // namespace tapehead
