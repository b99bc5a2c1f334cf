// Adagrad.
#pragma once

#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct AdagradOptions {
  Option<double> lr{"lr", 1e-2, kAboveZero};
  /// The learning rate of step t = 1, 2, … is lr / (1 + (t - 1) lr_decay).
  Option<double> lr_decay{"lr_decay", 0, kZeroOrMore};
  /// L2 penalty: weight_decay * parameter is added to the gradient.
  Option<double> weight_decay{"weight_decay", 0, kZeroOrMore};
  /// Initial value of the sum of squared gradients.
  Option<double> initial_accumulator_value{"initial_accumulator_value", 0, kZeroOrMore};
  Option<double> eps{"eps", 1e-10, kZeroOrMore};
  Option<bool> maximize{"maximize", false};
};

/// Adagrad (Duchi et al. 2011), as in PyTorch: s = s + g², w = w - lr g / (sqrt(s) + eps).
/// Example: nn::Linear fc(at, 2, 1); optim::Adagrad(at.params(), {.lr = 0.1}).lr()  // 0.1
class Adagrad : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit Adagrad(const ParamList& params, const AdagradOptions& options = {},
                   const std::vector<GroupRule<AdagradOptions>>& groups = {});

 private:
  void update(Parameter& p) override;
};

}  // namespace tapehead::optim
