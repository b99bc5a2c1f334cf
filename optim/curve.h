// Learning rates as functions of the step: what schedules follow. A curve gives a factor of the
// optimizer's base_lr() for the step after `n` steps were taken, n >= 0. It has no state and can be
// tried out alone:
//
//   optim::curve::WarmupCosine curve{.warmup = 800, .steps = 20000};
//   double last = curve(19999);
//
// Any function will do. Those here throw ValueError when called with options outside their range.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace tapehead::optim {

using Curve = std::function<double(int64_t n)>;

namespace curve {

struct Constant {
  double factor = 1;
  double operator()(int64_t n) const;
};

/// Times gamma every `every` steps.
struct StepDecay {
  int64_t every = 0;
  double gamma = 0.1;
  double operator()(int64_t n) const;
};

/// Times gamma at each of these steps, which rise.
struct MultiStep {
  std::vector<int64_t> at = {};
  double gamma = 0.1;
  double operator()(int64_t n) const;
};

/// gamma to the power of n.
struct Exponential {
  double gamma = 0;
  double operator()(int64_t n) const;
};

/// A straight line over `steps` steps, then `to`.
struct Linear {
  int64_t steps = 0;
  double from = 1, to = 0;
  double operator()(int64_t n) const;
};

/// Half a wave of the cosine from 1 down to `floor` over `steps` steps, then `floor`: Loshchilov
/// and Hutter 2017, without restarts.
struct Cosine {
  int64_t steps = 0;
  double floor = 0;
  double operator()(int64_t n) const;
};

/// Up in a straight line: 1 / steps, 2 / steps … 1, then 1.
struct Warmup {
  int64_t steps = 0;
  double operator()(int64_t n) const;
};

/// Warmup, then down to `floor` until `steps` steps are taken in all.
struct WarmupCosine {
  int64_t warmup = 0;
  int64_t steps = 0;
  double floor = 0;
  double operator()(int64_t n) const;
};
struct WarmupLinear {
  int64_t warmup = 0;
  int64_t steps = 0;
  double floor = 0;
  double operator()(int64_t n) const;
};

/// Warmup, then down as sqrt(warmup / (n + 1)): Vaswani et al. 2017. Theirs is this one with a
/// learning rate of 1 / sqrt(width warmup).
struct InverseSqrt {
  int64_t warmup = 0;
  double operator()(int64_t n) const;
};

/// One curve for so many steps. It counts from 0 where its phase begins.
struct Phase {
  int64_t steps = 0;
  Curve curve = {};
};

/// One phase after the other; the last goes on.
struct Sequential {
  std::vector<Phase> phases = {};
  double operator()(int64_t n) const;
};

/// The product of curves.
struct Chained {
  std::vector<Curve> curves = {};
  double operator()(int64_t n) const;
};

}  // namespace curve
}  // namespace tapehead::optim
