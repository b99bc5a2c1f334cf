// Learning rate schedules: they set an optimizer's learning rate along a curve.
//
//   optim::WarmupCosine schedule(opt, {.warmup = 800, .steps = 20000});
//   for (…) { … opt.step(); schedule.step(); }
//
// Any function of the step can be the curve:
//
//   optim::Schedule schedule(opt, [](int64_t n) { return 1 / (1 + 0.01 * n); });
//
// A schedule with a state derives from Schedule, multiplies its curve with set_scale(), and
// overrides save() and load(), which reads with a StateReader and ends with restore().
#pragma once

#include "tapehead/optim/curve.h"
#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

/// Sets the learning rate to base_lr() × curve(n), where n counts the calls of step(): at once for
/// n = 0, then with each step. The optimizer must outlive it.
class Schedule {
 public:
  Schedule(Optimizer& optimizer, Curve curve);
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;
  virtual ~Schedule() = default;

  /// Call it after each step of the optimizer, or after each epoch for a curve of epochs.
  virtual void step();
  /// How many steps were taken.
  int64_t steps() const { return steps_; }
  /// The learning rate now.
  double lr() const { return optimizer_.lr(); }
  /// The learning rate after n steps, by the curve.
  double lr_at(int64_t n) const;

  virtual StateDict save() const;
  /// Restores a state and sets the learning rate. Throws FormatError that lists what does not fit.
  virtual void load(const StateDict& state);

 protected:
  /// A factor of the curve, from now on.
  void set_scale(double scale);
  double scale() const { return scale_; }
  double base_lr() const { return optimizer_.base_lr(); }
  /// Goes to a step and a scale, and sets the learning rate.
  void restore(int64_t steps, double scale);

 private:
  Optimizer& optimizer_;
  Curve curve_;
  int64_t steps_ = 0;
  double scale_ = 1;
};

/// A schedule along one kind of curve, with its options in braces.
template <class C>
class Scheduled : public Schedule {
 public:
  explicit Scheduled(Optimizer& optimizer, const C& curve = {}) : Schedule(optimizer, curve) {}
};

using Constant = Scheduled<curve::Constant>;
using StepDecay = Scheduled<curve::StepDecay>;
using MultiStep = Scheduled<curve::MultiStep>;
using Exponential = Scheduled<curve::Exponential>;
using Linear = Scheduled<curve::Linear>;
using Cosine = Scheduled<curve::Cosine>;
using Warmup = Scheduled<curve::Warmup>;
using WarmupCosine = Scheduled<curve::WarmupCosine>;
using WarmupLinear = Scheduled<curve::WarmupLinear>;
using InverseSqrt = Scheduled<curve::InverseSqrt>;
using Sequential = Scheduled<curve::Sequential>;
using Chained = Scheduled<curve::Chained>;

struct PlateauOptions {
  double factor = 0.1;      ///< the learning rate is multiplied by it
  int64_t patience = 10;    ///< metrics in a row that may not improve before it is lowered
  double threshold = 1e-4;  ///< the relative change that counts as an improvement
  int64_t cooldown = 0;     ///< metrics to ignore after it was lowered
  double floor = 0;         ///< the lower limit of the learning rate, as a factor of the curve
  bool maximize = false;    ///< larger is better: BLEU, accuracy
};

/// Lowers the learning rate when a metric has stopped improving, as PyTorch's ReduceLROnPlateau.
/// step() follows the curve; observe() takes the metric, for example after each epoch:
///
///   optim::ReduceOnPlateau schedule(opt, {.factor = 0.5, .patience = 3});
///   schedule.observe(validation_loss);
class ReduceOnPlateau : public Schedule {
 public:
  explicit ReduceOnPlateau(Optimizer& optimizer, const PlateauOptions& options = {},
                           Curve curve = curve::Constant());

  /// Returns whether it lowered the learning rate. A metric that is not finite is no improvement.
  bool observe(double metric);

  StateDict save() const override;
  void load(const StateDict& state) override;

 private:
  bool is_better(double metric) const;

  PlateauOptions options_;
  bool observed_ = false;
  double best_ = 0;  // of what was observed
  int64_t bad_ = 0, cooldown_ = 0;
};

}  // namespace tapehead::optim
