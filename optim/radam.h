// RAdam.
#pragma once

#include <array>
#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct RAdamOptions {
  Option<double> lr{"lr", 1e-3, kAboveZero};
  /// Decay rates of the running averages of the gradient and of its square.
  Option<std::array<double, 2>> betas{"betas", {0.9, 0.999}, kBelowOne};
  Option<double> eps{"eps", 1e-8, kZeroOrMore};
  /// L2 penalty: weight_decay * parameter is added to the gradient.
  Option<double> weight_decay{"weight_decay", 0, kZeroOrMore};
  /// Multiplies the parameter by 1 - lr * weight_decay instead of adding the L2 penalty.
  Option<bool> decoupled_weight_decay{"decoupled_weight_decay", false};
  Option<bool> maximize{"maximize", false};
};

/// RAdam: Adam with a rectified variance (Liu et al. 2020), as in PyTorch. The first steps, whose
/// second moment averages too few gradients (rho_t <= 5), are not divided by its root; later ones
/// are multiplied by sqrt((rho_t - 4)(rho_t - 2) rho / ((rho - 4)(rho - 2) rho_t)), where
/// rho = 2 / (1 - beta2) - 1 and rho_t = rho - 2 t beta2^t / (1 - beta2^t).
/// Example: nn::Linear fc(at, 2, 1); optim::RAdam(at.params(), {.lr = 1e-3}).lr()  // 0.001
class RAdam : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit RAdam(const ParamList& params, const RAdamOptions& options = {},
                 const std::vector<GroupRule<RAdamOptions>>& groups = {});

 private:
  void update_all(Step& step) override;
};

}  // namespace tapehead::optim
