// Lion.
#pragma once

#include <array>
#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct LionOptions {
  Option<double> lr{"lr", 1e-4, kAboveZero};
  /// Weights of the past average, in the direction of the step and in the next average.
  Option<std::array<double, 2>> betas{"betas", {0.9, 0.99}, kBelowOne};
  /// The parameter is multiplied by 1 - lr * weight_decay.
  Option<double> weight_decay{"weight_decay", 0, kZeroOrMore};
  Option<bool> maximize{"maximize", false};
};

/// Lion (Chen et al. 2023): w = (1 - lr weight_decay) w - lr sign(beta1 m + (1 - beta1) g), then
/// m = beta2 m + (1 - beta2) g.
/// Example: nn::Linear fc(at, 2, 1); optim::Lion(at.params(), {.lr = 1e-4}).lr()  // 0.0001
class Lion : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit Lion(const ParamList& params, const LionOptions& options = {},
                const std::vector<GroupRule<LionOptions>>& groups = {});

 private:
  void update_all(Step& step) override;
};

}  // namespace tapehead::optim
