// Averaged stochastic gradient descent.
#pragma once

#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct ASGDOptions {
  Option<double> lr{"lr", 1e-2, kAboveZero};
  /// Decay of the parameter, and of the step size.
  Option<double> lambd{"lambd", 1e-4, kZeroOrMore};
  /// Power by which the step size decays.
  Option<double> alpha{"alpha", 0.75, kFinite};
  /// The step after which parameters are averaged.
  Option<double> t0{"t0", 1e6, kZeroOrMore};
  /// L2 penalty: weight_decay * parameter is added to the gradient.
  Option<double> weight_decay{"weight_decay", 0, kZeroOrMore};
  Option<bool> maximize{"maximize", false};
};

/// Averaged stochastic gradient descent (Polyak and Juditsky 1992), as in PyTorch:
/// w = (1 - lambd eta) w - eta g, where eta = lr / (1 + lambd lr (t - 1))^alpha in step t = 1, 2, …
/// The state tensor "ax" is the average of w over the steps after t0 + 1, until then w. A change of
/// the learning rate applies from the next step on, in PyTorch from the one after it.
/// Example: nn::Linear fc(at, 2, 1); optim::ASGD(at.params(), {.lr = 1e-2}).lr()  // 0.01
class ASGD : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit ASGD(const ParamList& params, const ASGDOptions& options = {},
                const std::vector<GroupRule<ASGDOptions>>& groups = {});

 private:
  void update(Parameter& parameter) override;
};

}  // namespace tapehead::optim
