// Learning rate schedulers: they set an optimizer's learning rate along a curve.
//
//   optim::WarmupCosineLR schedule(opt, {.warmup_steps = 800, .total_steps = 20000});
//   for (…) { … opt.step(); schedule.step(); }
//
// Any function of the step can be the curve, as in PyTorch's LambdaLR:
//
//   optim::LRScheduler schedule(opt, [](int64_t n) { return 1 / (1 + 0.01 * n); });
//
// Curves are combined with SequentialLR and ChainedScheduler:
//
//   optim::SequentialLR schedule(opt, {.curves = {optim::LinearCurve{.total_iters = 100},
//                                                 optim::CosineAnnealingCurve{.t_max = 900}},
//                                      .milestones = {100}});
//
// A scheduler with a state derives from LRScheduler, multiplies its curve with set_scale(), and
// overrides save() and load(), which reads with a StateReader and ends with restore():
// examples/custom_optimizer.cpp.
#pragma once

#include <cstdint>
#include <utility>

#include "tapehead/optim/lr_curve.h"
#include "tapehead/optim/lr_cycle.h"
#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

/// Sets the learning rate to base_lr() × curve(n), where n is the number of calls of step(): by the
/// constructor for n = 0, then by each step(). Groups keep the ratio of their learning rates. With
/// a function it is PyTorch's LambdaLR. The optimizer must outlive the scheduler.
class LRScheduler {
 public:
  /// Throws ValueError if the curve is empty. Without a curve the factor is 1. With `momentum`, the
  /// scheduler also sets the optimizer's momentum, in every group: the first of its betas, or its
  /// option "momentum"; throws ValueError if it has neither.
  explicit LRScheduler(Optimizer& optimizer, LRCurve curve = ConstantCurve{.factor = 1},
                       LRCurve momentum = {});
  LRScheduler(const LRScheduler&) = delete;
  LRScheduler& operator=(const LRScheduler&) = delete;
  virtual ~LRScheduler() = default;

  /// Call it after each step of the optimizer, or after each epoch if the curve counts epochs.
  virtual void step();
  /// The number of steps taken.
  int64_t steps() const { return steps_; }
  /// The current learning rate.
  double lr() const { return optimizer_.lr(); }
  /// The learning rate that the curve gives after n steps.
  double lr_at(int64_t n) const;

  /// The state: the number of steps and the scale.
  virtual StateDict save() const;
  /// Restores a state and sets the learning rate. Throws FormatError that lists what does not fit.
  virtual void load(const StateDict& state);

 protected:
  /// Sets the factor that the curve is multiplied by from now on; it starts at 1.
  void set_scale(double scale);
  double scale() const { return scale_; }
  double base_lr() const { return optimizer_.base_lr(); }
  /// Sets the number of steps and the scale, and from them the learning rate.
  void restore(int64_t steps, double scale);

 private:
  Optimizer& optimizer_;
  LRCurve curve_, momentum_;
  const char* momentum_option_ = "";
  int64_t steps_ = 0;
  double scale_ = 1;
};

/// The scheduler of a curve type, constructed with the curve's options:
/// `StepLR schedule(opt, {.step_size = 30})`.
template <class C>
class Scheduled : public LRScheduler {
 public:
  explicit Scheduled(Optimizer& optimizer, const C& curve = {})
      : LRScheduler(optimizer, curve, momentum_of(curve)) {}

 private:
  static LRCurve momentum_of(const C& curve) {
    if constexpr (requires { curve.momentum_curve(); }) return curve.momentum_curve();
    else return {};
  }
};

/// A function of the step, such as `[](int64_t n) { return 1.0 / (n + 1); }`.
using LambdaLR = LRScheduler;
using ConstantLR = Scheduled<ConstantCurve>;
using StepLR = Scheduled<StepCurve>;
using MultiStepLR = Scheduled<MultiStepCurve>;
using ExponentialLR = Scheduled<ExponentialCurve>;
using LinearLR = Scheduled<LinearCurve>;
using PolynomialLR = Scheduled<PolynomialCurve>;
using CosineAnnealingLR = Scheduled<CosineAnnealingCurve>;
using CosineAnnealingWarmRestarts = Scheduled<CosineAnnealingWarmRestartsCurve>;
using OneCycleLR = Scheduled<OneCycleCurve>;
using CyclicLR = Scheduled<CyclicCurve>;
using SWALR = Scheduled<SWACurve>;
using WarmupLR = Scheduled<WarmupCurve>;
using WarmupCosineLR = Scheduled<WarmupCosineCurve>;
using WarmupLinearLR = Scheduled<WarmupLinearCurve>;
using InverseSqrtLR = Scheduled<InverseSqrtCurve>;
using SequentialLR = Scheduled<SequentialCurve>;
using ChainedScheduler = Scheduled<ChainedCurve>;

/// Multiplies the learning rate by lr_lambda(n) in step n = 1, 2, …
class MultiplicativeLR : public LRScheduler {
 public:
  MultiplicativeLR(Optimizer& optimizer, LRCurve lr_lambda)
      : LRScheduler(optimizer, multiplicative_curve(std::move(lr_lambda))) {}
};

/// What a threshold is compared with.
enum class ThresholdMode {
  rel,  ///< the threshold is relative to |best|
  abs   ///< it is a difference
};

struct ReduceLROnPlateauOptions {
  double factor = 0.1;      ///< the learning rate is multiplied by it
  int64_t patience = 10;    ///< metrics in a row without improvement that are tolerated
  double threshold = 1e-4;  ///< the change that counts as an improvement
  ThresholdMode threshold_mode = ThresholdMode::rel;  ///< what the threshold is compared with
  int64_t cooldown = 0;                               ///< metrics to ignore after a reduction
  double min_factor = 0;  ///< lower limit of the scale; PyTorch's min_lr divided by base_lr()
  double eps = 1e-8;      ///< a reduction of the learning rate by less is not made
  bool maximize = false;  ///< higher is better (BLEU, accuracy): PyTorch's mode = "max"
};

/// Reduces the learning rate when a metric has stopped improving:
///
///   optim::ReduceLROnPlateau schedule(opt, {.factor = 0.5, .patience = 3});
///   schedule.step(validation_loss);  // for example after each epoch
///
/// step(metric) is PyTorch's step(): it changes the scale of the curve. step() without a metric
/// follows the curve, which train::Run does after each step of the optimizer.
class ReduceLROnPlateau : public LRScheduler {
 public:
  /// With a curve, such as a warmup, what the curve gives is reduced. Throws ValueError for options
  /// out of range.
  explicit ReduceLROnPlateau(Optimizer& optimizer, const ReduceLROnPlateauOptions& options = {},
                             LRCurve curve = ConstantCurve{.factor = 1});

  using LRScheduler::step;
  /// Returns whether the learning rate was reduced. A metric that is not finite is no improvement.
  bool step(double metric);

  StateDict save() const override;
  void load(const StateDict& state) override;

 private:
  bool is_better(double metric) const;

  ReduceLROnPlateauOptions options_;
  bool observed_ = false;
  double best_ = 0;  // of the metrics so far
  int64_t bad_ = 0, cooldown_ = 0;
};

}  // namespace tapehead::optim
