// NAdam.
#pragma once

#include <array>
#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct NAdamOptions {
  Option<double> lr{"lr", 2e-3, kAboveZero};
  /// Decay rates of the running averages of the gradient and of its square.
  Option<std::array<double, 2>> betas{"betas", {0.9, 0.999}, kBelowOne};
  Option<double> eps{"eps", 1e-8, kZeroOrMore};
  /// L2 penalty: weight_decay * parameter is added to the gradient.
  Option<double> weight_decay{"weight_decay", 0, kZeroOrMore};
  /// psi of the momentum schedule.
  Option<double> momentum_decay{"momentum_decay", 4e-3, kZeroOrMore};
  /// Multiplies the parameter by 1 - lr * weight_decay instead of adding the L2 penalty.
  Option<bool> decoupled_weight_decay{"decoupled_weight_decay", false};
  Option<bool> maximize{"maximize", false};
};

/// NAdam: Adam with Nesterov momentum (Dozat 2016), as in PyTorch. With
/// mu_t = beta1 (1 - 0.96^(t psi) / 2) and P_t = mu_1 … mu_t:
/// w = w - lr (mu_(t+1) m / (1 - P_(t+1)) + (1 - mu_t) g / (1 - P_t)) / (sqrt(v / (1 - beta2^t)) +
/// eps).
/// Example: nn::Linear fc(at, 2, 1); optim::NAdam(at.params(), {.lr = 2e-3}).lr()  // 0.002
class NAdam : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit NAdam(const ParamList& params, const NAdamOptions& options = {},
                 const std::vector<GroupRule<NAdamOptions>>& groups = {});

 private:
  void update_all(Step& step) override;
};

}  // namespace tapehead::optim
