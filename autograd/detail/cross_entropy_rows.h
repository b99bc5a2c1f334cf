// The loss of a row of logits and its gradient, for cross_entropy and linear_cross_entropy.
//
// For one of N rows, with logits x [C] and target distribution q [C], the loss is
//   S log(sum exp x) - sum q x,   S = sum q,
// where q is smoothed, weighted, and 0 for ignored rows.
#pragma once

#include <algorithm>

#include "tapehead/autograd/detail/class_targets.h"
#include "tapehead/core/parallel.h"

namespace tapehead::detail {

/// Calls f(row) for all rows of n elements, in parallel.
template <class F>
void each_row(int64_t rows, int64_t n, F f) {
  constexpr int64_t kGrain = 1 << 13;
  core::parallel_range(rows, std::max<int64_t>(1, kGrain / n), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) f(i);
  });
}

/// Smoothed targets: `hit` for the row's class plus `rest` for every class, times the class
/// weights.
struct Smoothing {
  double hit, rest, rest_sum;
  Smoothing(const ClassTargets& t, double smoothing)
      : hit(1 - smoothing),
        rest(smoothing / static_cast<double>(t.classes())),
        rest_sum(smoothing == 0 ? 0 : rest * t.all_weights()) {}
};

/// Throws ValueError unless label_smoothing is within 0..1.
void check_smoothing(const char* op, double label_smoothing);

class CrossEntropyRows {
 public:
  /// The largest logit of a row, and the sum of exp(logit - largest).
  struct Stats {
    double largest = 0, sum = 0;
  };

  CrossEntropyRows(const ClassTargets& targets, double smoothing, DType dtype)
      : targets_(targets), smoothing_(targets, smoothing), dtype_(dtype) {}
  /// The loss of target i for the logits `row`. Must not be called for ignored targets.
  double loss(const char* row, int64_t i, Stats& stats) const;
  /// Writes scale times the gradient to dx, which may be `row`; zeros for ignored targets.
  void gradient(const char* row, char* dx, int64_t i, double scale, const Stats& stats) const;

 private:
  const ClassTargets& targets_;
  Smoothing smoothing_;
  DType dtype_;
};

}  // namespace tapehead::detail
