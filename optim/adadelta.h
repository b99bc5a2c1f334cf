// Adadelta.
#pragma once

#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct AdadeltaOptions {
  Option<double> lr{"lr", 1, kAboveZero};
  /// Decay rate of the running averages of the squared gradient and of the squared change.
  Option<double> rho{"rho", 0.9, kBelowOne};
  Option<double> eps{"eps", 1e-6, kZeroOrMore};
  /// L2 penalty: weight_decay * parameter is added to the gradient.
  Option<double> weight_decay{"weight_decay", 0, kZeroOrMore};
  Option<bool> maximize{"maximize", false};
};

/// Adadelta (Zeiler 2012), as in PyTorch: s = rho s + (1 - rho) g²,
/// d = g sqrt(u + eps) / sqrt(s + eps), u = rho u + (1 - rho) d², w = w - lr d.
/// Example: nn::Linear fc(at, 2, 1); optim::Adadelta(at.params(), {.lr = 1}).lr()  // 1
class Adadelta : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit Adadelta(const ParamList& params, const AdadeltaOptions& options = {},
                    const std::vector<GroupRule<AdadeltaOptions>>& groups = {});

 private:
  void update_all(Step& step) override;
};

}  // namespace tapehead::optim
