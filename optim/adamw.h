// AdamW.
#pragma once

#include <array>
#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct AdamWOptions {
  Option<double> lr{"lr", 1e-3, kAboveZero};
  /// Decay rates of the running averages of the gradient and of its square.
  Option<std::array<double, 2>> betas{"betas", {0.9, 0.999}, kBelowOne};
  Option<double> eps{"eps", 1e-8, kZeroOrMore};
  /// Decoupled decay: each step subtracts lr * weight_decay * parameter from the parameter.
  Option<double> weight_decay{"weight_decay", 0.01, kZeroOrMore};
  /// Uses the maximum of all second moments so far (Reddi et al. 2018).
  Option<bool> amsgrad{"amsgrad", false};
  Option<bool> maximize{"maximize", false};
};

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), as in PyTorch.
/// Example: nn::Linear fc(at, 2, 1); optim::AdamW(at.params(), {.lr = 1e-3,
///     .weight_decay = 0.1}).lr()  // 0.001
class AdamW : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit AdamW(const ParamList& params, const AdamWOptions& options = {},
                 const std::vector<GroupRule<AdamWOptions>>& groups = {});

 private:
  void update_all(Step& step) override;
};

}  // namespace tapehead::optim
