// Learning rate curves. A curve maps the number n >= 0 of steps taken to a factor of the
// optimizer's base_lr(). It has no state and can be evaluated alone:
//
//   optim::curve::WarmupCosine curve{.warmup = 800, .steps = 20000};
//   double last = curve(19999);
//
// Any function of n is a curve. Those here throw ValueError when called with options outside their
// range.
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

/// Multiplied by gamma every `every` steps.
struct StepDecay {
  int64_t every = 0;
  double gamma = 0.1;
  double operator()(int64_t n) const;
};

/// Multiplied by gamma at each of these steps, in ascending order.
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

/// Linear from `from` to `to` over `steps` steps, then `to`.
struct Linear {
  int64_t steps = 0;
  double from = 1, to = 0;
  double operator()(int64_t n) const;
};

/// Cosine decay from 1 to `floor` over `steps` steps, then `floor`: Loshchilov and Hutter 2017,
/// without restarts.
struct Cosine {
  int64_t steps = 0;
  double floor = 0;
  double operator()(int64_t n) const;
};

/// Linear warmup: 1 / steps, 2 / steps … 1, then 1.
struct Warmup {
  int64_t steps = 0;
  double operator()(int64_t n) const;
};

/// Warmup, then cosine (linear) decay to `floor` at `steps` steps, the warmup included.
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

/// Warmup, then decay as sqrt(warmup / (n + 1)): Vaswani et al. 2017, whose rate this is with an lr
/// of 1 / sqrt(embed_dim × warmup).
struct InverseSqrt {
  int64_t warmup = 0;
  double operator()(int64_t n) const;
};

/// A curve that holds for `steps` steps and counts n from the start of its phase.
struct Phase {
  int64_t steps = 0;
  Curve curve = {};
};

/// Phases one after the other; the last one does not end.
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
