// LAMB.
#pragma once

#include <array>
#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct LAMBOptions {
  Option<double> lr{"lr", 1e-3, kAboveZero};
  /// Decay rates of the running averages of the gradient and of its square.
  Option<std::array<double, 2>> betas{"betas", {0.9, 0.999}, kBelowOne};
  Option<double> eps{"eps", 1e-6, kZeroOrMore};
  /// weight_decay * parameter is added to the update.
  Option<double> weight_decay{"weight_decay", 0, kZeroOrMore};
  Option<bool> maximize{"maximize", false};
};

/// LAMB (You et al. 2020, algorithm 2), for large batches: the update of AdamW,
/// r = m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps) + weight_decay w, is scaled to the norm
/// of each parameter, w = w - lr |w| / |r| r; where |w| or |r| is 0, w = w - lr r. Biases and norms
/// are usually excluded from weight decay by a group.
/// Example: nn::Linear fc(at, 2, 1); optim::LAMB(at.params(), {.lr = 1e-3}).lr()  // 0.001
class LAMB : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit LAMB(const ParamList& params, const LAMBOptions& options = {},
                const std::vector<GroupRule<LAMBOptions>>& groups = {});

 private:
  void update(Parameter& parameter) override;
};

}  // namespace tapehead::optim
