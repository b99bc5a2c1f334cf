// Tests of samples against the distribution that they should have.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::statistics {

/// The Kolmogorov-Smirnov distance between a sample and a distribution function, times sqrt(n):
/// above 1.95 with a probability of 1/1000.
template <class F>
double distance(const Tensor& t, F cdf) {
  std::vector<double> x = t.to_vector<double>();
  std::sort(x.begin(), x.end());
  const auto n = static_cast<double>(x.size());
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    const double p = cdf(x[i]);
    worst = std::max({worst, p - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - p});
  }
  return worst * std::sqrt(n);
}

/// How far Pearson's chi-square of counts lies above its mean, in standard deviations, given their
/// probabilities; those with fewer than five expected counts are added up.
inline double excess(const std::vector<double>& counts, const std::vector<double>& probabilities) {
  double n = 0, chi2 = 0, degrees = -1, rest = 0, expected_rest = 0;
  for (const double c : counts) n += c;
  const auto add = [&](double count, double expected) {
    chi2 += (count - expected) * (count - expected) / expected, ++degrees;
  };
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = n * probabilities[i];
    if (expected >= 5) add(counts[i], expected);
    else rest += counts[i], expected_rest += expected;
  }
  if (expected_rest > 0.5) add(rest, expected_rest);
  else if (rest > 3) return INFINITY;
  return (chi2 - degrees) / std::sqrt(2 * degrees);
}

}  // namespace tapehead::statistics
