// Stochastic gradient descent.
#pragma once

#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct SGDOptions {
  Option<double> lr{"lr", 1e-3, kAboveZero};
  Option<double> momentum{"momentum", 0, kZeroOrMore};  ///< share of the past steps in the next one
  /// The momentum adds (1 - dampening) times each gradient after the first.
  Option<double> dampening{"dampening", 0, kFinite};
  /// L2 penalty: weight_decay * parameter is added to the gradient.
  Option<double> weight_decay{"weight_decay", 0, kZeroOrMore};
  Option<bool> nesterov{"nesterov", false};  ///< requires momentum > 0 and dampening = 0
  Option<bool> maximize{"maximize", false};

  /// Throws ValueError for nesterov without momentum or with dampening.
  void check(const char* optimizer) const;
};

/// Stochastic gradient descent, w = w - lr g. With momentum (Sutskever et al. 2013), as in PyTorch:
/// v = momentum v + (1 - dampening) g, w = w - lr v or, with nesterov, w = w - lr (g + momentum v).
/// Example: nn::Linear fc(at, 2, 1); optim::SGD(at.params(), {.lr = 0.1, .momentum = 0.9}).lr()
///     // 0.1
class SGD : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit SGD(const ParamList& params, const SGDOptions& options = {},
               const std::vector<GroupRule<SGDOptions>>& groups = {});

 private:
  void update_all(Step& step) override;
};

}  // namespace tapehead::optim
