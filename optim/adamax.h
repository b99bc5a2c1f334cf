// Adamax.
#pragma once

#include <array>
#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct AdamaxOptions {
  Option<double> lr{"lr", 2e-3, kAboveZero};
  /// Decay rates of the running average of the gradient and of the infinity norm.
  Option<std::array<double, 2>> betas{"betas", {0.9, 0.999}, kBelowOne};
  Option<double> eps{"eps", 1e-8, kZeroOrMore};
  /// L2 penalty: weight_decay * parameter is added to the gradient.
  Option<double> weight_decay{"weight_decay", 0, kZeroOrMore};
  Option<bool> maximize{"maximize", false};
};

/// Adamax (Kingma and Ba 2015, section 7.1), as in PyTorch: m = beta1 m + (1 - beta1) g,
/// u = max(beta2 u, |g| + eps), w = w - lr / (1 - beta1^t) m / u.
/// Example: nn::Linear fc(at, 2, 1); optim::Adamax(at.params(), {.lr = 2e-3}).lr()  // 0.002
class Adamax : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit Adamax(const ParamList& params, const AdamaxOptions& options = {},
                  const std::vector<GroupRule<AdamaxOptions>>& groups = {});

 private:
  void update_all(Step& step) override;
};

}  // namespace tapehead::optim
