#include "tapehead/core/distributions.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"
#include "tapehead/tests/statistics.h"

namespace tapehead::distributions_test {
namespace {

using statistics::distance;
using statistics::excess;

// The distribution function of the gamma distribution, by its power series.
double gamma_cdf(double a, double x) {
  double term = 1 / a, sum = term;
  for (double k = 1; term > sum * 1e-16; ++k) term *= x / (a + k), sum += term;
  return sum * std::exp(a * std::log(x) - x - std::lgamma(a));
}
// That of Beta(2, 3).
double beta23_cdf(double x) {
  const double y = 1 - x;
  return 6 * x * x * y * y + 4 * x * x * x * y + x * x * x * x;
}

std::vector<double> counts_of(const Tensor& x, size_t size) {
  std::vector<double> counts(size);
  for (const double v : x.to_vector<double>()) ++counts.at(static_cast<size_t>(v));
  return counts;
}

}  // namespace

TEST_CASE("gamma, beta and Dirichlet numbers") {
  Generator g{1, 0};
  for (const DType dtype : {f32, f64})
    for (const double a : {0.1, 0.7, 1.0, 2.5, 40.0}) {
      CAPTURE(a);
      const Tensor x = gamma(full({50000}, a, dtype), g);
      CHECK(x.dtype() == dtype);
      CHECK(distance(x, [&](double v) { return gamma_cdf(a, v); }) < 1.95);
    }
  CHECK(distance(beta(full({30000}, 2.0), 3, g), beta23_cdf) < 1.95);
  const std::vector<double> parts =
      dirichlet(tensor({2.0, 1.0, 2.0}).expand({30000, 3}), g).to_vector<double>();
  std::vector<double> first;
  for (size_t i = 0; i < parts.size(); i += 3) {
    first.push_back(parts[i]);
    REQUIRE(parts[i] + parts[i + 1] + parts[i + 2] == doctest::Approx(1).epsilon(1e-6));
  }
  CHECK(distance(from_vector(first), beta23_cdf) < 1.95);
}

TEST_CASE("Poisson numbers") {
  Generator g{2, 0};
  for (const double rate : {0.0, 0.3, 4.0, 9.9, 10.0, 35.0}) {
    CAPTURE(rate);
    const Tensor x = poisson(full({50000}, rate, f64), g);
    std::vector<double> p(150);
    for (size_t k = 0; k < p.size(); ++k) {
      const auto n = static_cast<double>(k);
      p[k] = rate > 0 ? std::exp(n * std::log(rate) - rate - std::lgamma(n + 1)) : k == 0;
    }
    if (rate > 0) CHECK(excess(counts_of(x, 150), p) < 4);
    else CHECK(x.to_vector<double>() == std::vector<double>(50000));
  }
  // Large counts are approximately normal.
  const Tensor large = poisson(full({50000}, 1e6, f64), g);
  CHECK(distance(large, [](double v) { return std::erfc((1e6 - v - 0.5) / std::sqrt(2e6)) / 2; }) <
        1.95);
  CHECK(poisson(tensor({3.0, 0.0}).to(bf16), g).dtype() == bf16);
}

TEST_CASE("Bernoulli numbers of many probabilities, and normal ones of many means") {
  Generator g{3, 0};
  CHECK(bernoulli(tensor({0.0, 1.0, 0.0, 1.0}), g).to_vector<float>() ==
        std::vector<float>{0, 1, 0, 1});
  for (const DType dtype : {f32, f64, bf16}) {
    const Tensor x = bernoulli(full({40000}, 0.25, dtype), g);
    CHECK(x.dtype() == dtype);
    CHECK(excess(counts_of(x, 2), {0.75, 0.25}) < 4);
  }
  const Tensor x = normal(full({2, 20000}, 3.0), tensor({{2.0}, {0.5}}), g);
  for (const int64_t row : {0, 1})
    CHECK(distance(x.select(0, row), [&](double v) {
            return std::erfc((3 - v) / (row ? 0.5 : 2) / std::sqrt(2)) / 2;
          }) < 1.95);
  CHECK(normal(tensor({5.0, 7.0}), 0, g).to_vector<float>() == std::vector<float>{5, 7});
}

TEST_CASE("categories have their probabilities, with and without replacement") {
  Generator g{4, 0};
  const std::vector<double> p{0.1, 0, 0.6, 0.3};
  const Tensor weights = tensor({0.5, 0.0, 3.0, 1.5});
  CHECK(excess(counts_of(multinomial(weights, 40000, true, g), 4), p) < 4);
  CHECK(excess(counts_of(multinomial(weights.expand({40000, 4}), 1, false, g), 4), p) < 4);
  const Tensor logits = tensor({std::log(0.1), -INFINITY, std::log(0.6), std::log(0.3)}, f64);
  CHECK(excess(counts_of(categorical(logits.expand({40000, 4}), g), 4), p) < 4);

  // Ordered pairs: p_i p_j / (1 - p_i).
  std::vector<double> pairs(16), expected(16);
  const std::vector<int64_t> drawn =
      multinomial(weights.expand({40000, 4}), 2, false, g).to_vector<int64_t>();
  for (size_t i = 0; i < drawn.size(); i += 2)
    ++pairs[static_cast<size_t>(4 * drawn[i] + drawn[i + 1])];
  for (size_t i = 0; i < 4; ++i)
    for (size_t j = 0; j < 4; ++j) expected[4 * i + j] = i == j ? 0 : p[i] * p[j] / (1 - p[i]);
  CHECK(excess(pairs, expected) < 4);

  CHECK(multinomial(weights, 3, false, g).shape() == Shape{3});
  CHECK(categorical(logits, g).shape() == Shape{});
  CHECK(multinomial(rand({2, 3, 5}, f64, g), 4, true, g).shape() == Shape{2, 3, 4});
}

TEST_CASE("numbers of distributions do not depend on threads, nor on later elements") {
  using Draw = std::function<Tensor(int64_t n, Generator & g)>;
  const Draw draws[] = {
      [](int64_t n, Generator& g) { return gamma(full({n}, 0.4, f64), g); },
      [](int64_t n, Generator& g) { return gamma(full({n}, 2.0), g); },
      [](int64_t n, Generator& g) { return poisson(full({n}, 20.0), g); },
      [](int64_t n, Generator& g) { return gumbel(0, 1, {n}, bf16, g); },
      [](int64_t n, Generator& g) {
        return multinomial(full({n, 50}, 1.0), 2, false, g);
      },
      [](int64_t n, Generator& g) { return bernoulli(full({n}, 0.5), g); },
  };
  const int threads = num_threads();
  for (const Draw& draw : draws) {
    std::vector<std::vector<double>> results;
    for (const int used : {1, 4}) {
      set_num_threads(used);
      Generator g{5, 3};
      results.push_back(draw(5000, g).to_vector<double>());
      CHECK(g.draws == 4);
    }
    CHECK(results[0] == results[1]);
    Generator g{5, 3};
    const std::vector<double> few = draw(130, g).to_vector<double>();
    CHECK(std::equal(few.begin(), few.end(), results[0].begin()));
  }
  set_num_threads(threads);
}

TEST_CASE("parameters outside of a distribution's are named") {
  struct Bad {
    std::function<void()> call;
    const char* message;
  };
  const Tensor rows = tensor({{1.0, 0.0, 2.0}, {0.0, 0.0, 0.0}});
  const Bad bad[] = {
      {[] {
         gamma(tensor({{1.0, 0.0}}));
       },
       "gamma: concentration[0, 1] = 0 is not positive and finite"},
      {[] {
         poisson(tensor({1.0, -2.0}));
       },
       "poisson: rate[1] = -2 is not at least 0 and finite"},
      {[] {
         bernoulli(tensor({0.5, -0.25}));
       },
       "bernoulli: probability[1] = -0.25 is not in 0..1"},
      {[] { normal(0.0, tensor({-1.0})); }, "normal: std[0] = -1 is not at least 0"},
      {[] { laplace(0, -1, {2}); },
       "laplace: the scale (the second) must be positive, but they are 0 and -1"},
      {[] { multinomial(tensor({1.0}), 0); },
       "multinomial: num_samples is 0; it must be at least 1"},
      {[] {
         multinomial(tensor({{1.0, -1.0}}), 1, true);
       },
       "multinomial: probability[0, 1] is -1; it must be finite and not negative"},
      {[] {
         multinomial(tensor({{1.0, INFINITY}}), 1, true);
       },
       "multinomial: probability[0, 1] is inf; it must be finite and not negative"},
      {[] {
         multinomial(tensor({NAN, 1.0}), 1);
       },
       "multinomial: probability[0] is nan; it must be finite and not negative"},
      {[=] { multinomial(rows, 1, true); }, "multinomial: all probabilities of row 1 are 0"},
      {[=] { multinomial(rows.select(0, 0), 3); },
       "multinomial: 3 samples without replacement of row 0, which has 2 categories of positive "
       "probability; pass replacement = true"},
  };
  for (const Bad& b : bad) CHECK_THROWS_WITH_AS(b.call(), b.message, ValueError);
  CHECK_THROWS_WITH_AS(multinomial(full({2, 0}, 1.0), 1),
                       "multinomial: [2, 0] f32 has no categories along its last axis", ShapeError);
  CHECK_THROWS_AS(gamma(full({2}, 1)), DTypeError);
}

}  // namespace tapehead::distributions_test
