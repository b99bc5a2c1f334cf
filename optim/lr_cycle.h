// Learning rate curves that rise and fall, and the momentum that goes the other way with them.
//
//   optim::OneCycleLR schedule(opt, {.total_steps = 2000, .pct_start = 0.2});
//
// As in PyTorch, the schedulers also set the optimizer's momentum (the first of its betas, if it
// has betas) unless cycle_momentum is false. Within SequentialCurve and ChainedCurve, momentum
// stays.
#pragma once

#include <cstdint>

#include "tapehead/optim/lr_curve.h"

namespace tapehead::optim {

/// The 1cycle policy, Smith and Topin 2017: from 1 / div_factor up to 1 in the first part
/// `pct_start` of `total_steps`, which must be given, then down to
/// 1 / (div_factor × final_div_factor), where it stays. With `three_phase` it first goes back to
/// 1 / div_factor, in as many steps as it rose. PyTorch's max_lr is the optimizer's lr. Momentum
/// goes from `max_momentum` to `base_momentum` and back.
/// Example: optim::OneCycleCurve{.total_steps = 1000}(0)  // 0.04
struct OneCycleCurve {
  int64_t total_steps = 0;
  double pct_start = 0.3;
  AnnealStrategy anneal_strategy = AnnealStrategy::cos;  ///< how rates go to the next
  bool cycle_momentum = true;                            ///< set the momentum, too
  double base_momentum = 0.85;
  double max_momentum = 0.95;
  double div_factor = 25;
  double final_div_factor = 1e4;
  bool three_phase = false;

  double operator()(int64_t n) const;
  /// The momentum; empty unless cycle_momentum.
  LRCurve momentum_curve() const;

 private:
  double at(int64_t n, double start, double peak, double end) const;
};

/// How the height of the cycles of CyclicLR changes.
enum class CyclicMode {
  triangular,   ///< not
  triangular2,  ///< halved with each cycle
  exp_range     ///< multiplied by gamma in each step
};

/// What CyclicCurve::scale_fn is a function of.
enum class ScaleMode {
  cycle,      ///< the number of the cycle, from 1
  iterations  ///< n
};

/// A cyclic learning rate, Smith 2017: linear from 1 up to `max_factor`, which must be given, in
/// `step_size_up` steps, and back in `step_size_down` steps (0: as many), in cycles. The
/// optimizer's lr is PyTorch's base_lr, and max_factor is max_lr / base_lr. Momentum goes from
/// `max_momentum` to `base_momentum` and back.
/// Example: optim::CyclicCurve{.max_factor = 10, .step_size_up = 100}(100)  // 10
struct CyclicCurve {
  double max_factor = 0;
  int64_t step_size_up = 2000;
  int64_t step_size_down = 0;
  CyclicMode mode = CyclicMode::triangular;  ///< how cycles shrink
  double gamma = 1;
  LRCurve scale_fn = {};                    ///< scales the height, in place of `mode`
  ScaleMode scale_mode = ScaleMode::cycle;  ///< what the mode counts
  bool cycle_momentum = true;               ///< set the momentum, too
  double base_momentum = 0.8;
  double max_momentum = 0.9;

  double operator()(int64_t n) const;
  /// The momentum; empty unless cycle_momentum.
  LRCurve momentum_curve() const;

 private:
  double height(int64_t n) const;
};

}  // namespace tapehead::optim
