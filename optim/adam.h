// Adam.
#pragma once

#include <array>
#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct AdamOptions {
  Option<double> lr{"lr", 1e-3, kAboveZero};
  /// Decay rates of the running averages of the gradient and of its square.
  Option<std::array<double, 2>> betas{"betas", {0.9, 0.999}, kBelowOne};
  Option<double> eps{"eps", 1e-8, kZeroOrMore};
  /// L2 penalty: weight_decay * parameter is added to the gradient.
  Option<double> weight_decay{"weight_decay", 0, kZeroOrMore};
  /// Uses the maximum of all second moments so far (Reddi et al. 2018).
  Option<bool> amsgrad{"amsgrad", false};
  Option<bool> maximize{"maximize", false};
};

/// Adam (Kingma and Ba 2015), as in PyTorch.
/// Example: nn::Linear fc(at, 2, 1); optim::Adam(at.params(), {.lr = 1e-3}).lr()  // 0.001
class Adam : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit Adam(const ParamList& params, const AdamOptions& options = {},
                const std::vector<GroupRule<AdamOptions>>& groups = {});

 private:
  void update_all(Step& step) override;
};

}  // namespace tapehead::optim
