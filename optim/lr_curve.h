// Learning rate curves: functions from n >= 0, the number of steps taken, to a factor of the
// optimizer's base_lr(). A curve has no state and can be evaluated without an optimizer:
//
//   const optim::WarmupCosineCurve curve{.warmup_steps = 800, .total_steps = 20000};
//   double last = curve(19999);
//
// StepCurve is the curve of StepLR (optim/lr_scheduler.h), and so on. Options have the names and
// defaults of PyTorch's schedulers. Where PyTorch takes a minimum learning rate (eta_min, min_lr),
// `min_factor` is that minimum divided by base_lr(). An option out of range is a ValueError, thrown
// when the curve is called.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace tapehead::optim {

/// Any function of n is a curve.
using LRCurve = std::function<double(int64_t n)>;

/// How a learning rate goes from one value to another.
enum class AnnealStrategy {
  cos,    ///< half a period of the cosine
  linear  ///< a straight line
};

/// `factor` for the first `total_iters` steps, then 1.
/// Example: optim::ConstantCurve{.factor = 0.5, .total_iters = 10}(3)  // 0.5
struct ConstantCurve {
  double factor = 1.0 / 3;
  int64_t total_iters = 5;
  double operator()(int64_t n) const;
};

/// Multiplied by gamma every `step_size` steps. `step_size` must be given.
/// Example: optim::StepCurve{.step_size = 30}(65)  // 0.01
struct StepCurve {
  int64_t step_size = 0;
  double gamma = 0.1;
  double operator()(int64_t n) const;
};

/// Multiplied by gamma at each milestone; milestones are in ascending order.
/// Example: optim::MultiStepCurve{.milestones = {30, 80}, .gamma = 0.5}(90)  // 0.25
struct MultiStepCurve {
  std::vector<int64_t> milestones = {};
  double gamma = 0.1;
  double operator()(int64_t n) const;
};

/// gamma to the power of n. `gamma` must be given.
/// Example: optim::ExponentialCurve{.gamma = 0.5}(3)  // 0.125
struct ExponentialCurve {
  double gamma = 0;
  double operator()(int64_t n) const;
};

/// Linear from `start_factor` to `end_factor` over `total_iters` steps, then `end_factor`.
/// Example: optim::LinearCurve{.start_factor = 0.5, .total_iters = 4}(2)  // 0.75
struct LinearCurve {
  double start_factor = 1.0 / 3;
  double end_factor = 1;
  int64_t total_iters = 5;
  double operator()(int64_t n) const;
};

/// (1 - n / total_iters) to the power of `power`, then 0 from `total_iters` on.
/// Example: optim::PolynomialCurve{.total_iters = 4, .power = 2}(2)  // 0.25
struct PolynomialCurve {
  int64_t total_iters = 5;
  double power = 1;
  double operator()(int64_t n) const;
};

/// Cosine decay from 1 to `min_factor` in `t_max` steps, which must be given; then back to 1 in as
/// many steps, and so on, as in PyTorch. Loshchilov and Hutter 2017, without restarts.
/// Example: optim::CosineAnnealingCurve{.t_max = 100, .min_factor = 0.5}(100)  // 0.5
struct CosineAnnealingCurve {
  int64_t t_max = 0;      ///< PyTorch's T_max
  double min_factor = 0;  ///< PyTorch's eta_min, divided by base_lr()
  double operator()(int64_t n) const;
};

/// Cosine decay from 1 to `min_factor`, restarted from 1 after `t_0` steps, which must be given;
/// each period is `t_mult` times as long as the one before. Loshchilov and Hutter 2017.
/// Example: optim::CosineAnnealingWarmRestartsCurve{.t_0 = 10, .t_mult = 2}(30)  // 1
struct CosineAnnealingWarmRestartsCurve {
  int64_t t_0 = 0;        ///< PyTorch's T_0: steps of the first period
  int64_t t_mult = 1;     ///< PyTorch's T_mult
  double min_factor = 0;  ///< PyTorch's eta_min, divided by base_lr()
  double operator()(int64_t n) const;
};

/// The end of a stochastic weight averaging run (Izmailov et al. 2018): from `start_factor` to
/// `swa_factor`, which must be given, in `anneal_epochs` steps, then `swa_factor`. PyTorch's swa_lr
/// is swa_factor × base_lr(), and start_factor × base_lr() its learning rate at the start.
/// Example: optim::SWACurve{.swa_factor = 0.5}(10)  // 0.5
struct SWACurve {
  double swa_factor = 0;
  int64_t anneal_epochs = 10;
  AnnealStrategy anneal_strategy = AnnealStrategy::cos;  ///< how the rate goes there
  double start_factor = 1;
  double operator()(int64_t n) const;
};

/// Linear warmup: 1 / warmup_steps, 2 / warmup_steps … 1, then 1.
/// Example: optim::WarmupCurve{.warmup_steps = 4}(1)  // 0.5
struct WarmupCurve {
  int64_t warmup_steps = 0;
  double operator()(int64_t n) const;
};

/// Linear warmup, then cosine decay to `min_factor` at `total_steps`, which include the warmup;
/// then `min_factor`.
/// Example: optim::WarmupCosineCurve{.warmup_steps = 800, .total_steps = 20000}(199)  // 0.25
struct WarmupCosineCurve {
  int64_t warmup_steps = 0;
  int64_t total_steps = 0;
  double min_factor = 0;
  double operator()(int64_t n) const;
};

/// Linear warmup, then linear decay to `min_factor` at `total_steps`, which include the warmup;
/// then `min_factor`.
/// Example: optim::WarmupLinearCurve{.warmup_steps = 10, .total_steps = 110}(60)
struct WarmupLinearCurve {
  int64_t warmup_steps = 0;
  int64_t total_steps = 0;
  double min_factor = 0;
  double operator()(int64_t n) const;
};

/// Linear warmup, then decay as sqrt(warmup_steps / (n + 1)). It is the schedule of Vaswani et al.
/// 2017 if the optimizer's lr is 1 / sqrt(embed_dim × warmup_steps).
/// Example: optim::InverseSqrtCurve{.warmup_steps = 100}(399)  // 0.5
struct InverseSqrtCurve {
  int64_t warmup_steps = 0;
  double operator()(int64_t n) const;
};

/// The curves one after the other: curves[i] from milestones[i - 1] (curves[0] from 0) up to
/// milestones[i], with n counted from its start. There is one milestone less than curves, in
/// ascending order.
/// Example: optim::SequentialCurve{.curves = {optim::WarmupCurve{10}, optim::StepCurve{30}},
///     .milestones = {10}}(45)  // 0.1
struct SequentialCurve {
  std::vector<LRCurve> curves = {};
  std::vector<int64_t> milestones = {};
  double operator()(int64_t n) const;
};

/// The product of curves.
/// Example: optim::ChainedCurve{{optim::StepCurve{30}, optim::WarmupCurve{4}}}(1)  // 0.5
struct ChainedCurve {
  std::vector<LRCurve> curves = {};
  double operator()(int64_t n) const;
};

/// The product of lr_lambda(1) … lr_lambda(n): PyTorch's MultiplicativeLR. Throws ValueError if the
/// function is empty.
/// Example: optim::multiplicative_curve([](int64_t) { return 0.5; })(3)  // 0.125
LRCurve multiplicative_curve(LRCurve lr_lambda);

}  // namespace tapehead::optim
