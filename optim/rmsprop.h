// RMSprop.
#pragma once

#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct RMSpropOptions {
  Option<double> lr{"lr", 1e-2, kAboveZero};
  /// Decay rate of the running averages of the squared gradient and of the gradient.
  Option<double> alpha{"alpha", 0.99, kBelowOne};
  Option<double> eps{"eps", 1e-8, kZeroOrMore};
  /// L2 penalty: weight_decay * parameter is added to the gradient.
  Option<double> weight_decay{"weight_decay", 0, kZeroOrMore};
  Option<double> momentum{"momentum", 0, kZeroOrMore};
  Option<bool> centered{"centered", false};
  Option<bool> maximize{"maximize", false};
};

/// RMSprop (Tieleman and Hinton 2012, Coursera lecture 6.5), as in PyTorch: s = alpha s +
/// (1 - alpha) g², d = g / (sqrt(s) + eps), then w = w - lr d or, with momentum, v = momentum v +
/// d, w = w - lr v. If `centered` (Graves 2013), m = alpha m + (1 - alpha) g and s - m² replaces s
/// under the root; a negative difference, caused by rounding, is treated as 0, where PyTorch
/// returns NaN. Neural Turing machines and differentiable neural computers were trained with a
/// learning rate of 1e-4, a momentum of 0.9, and eps inside the root.
/// Example: nn::Linear fc(at, 2, 1); optim::RMSprop(at.params(), {.lr = 1e-2}).lr()  // 0.01
class RMSprop : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit RMSprop(const ParamList& params, const RMSpropOptions& options = {},
                   const std::vector<GroupRule<RMSpropOptions>>& groups = {});

 private:
  void update_all(Step& step) override;
};

}  // namespace tapehead::optim
