// Rprop.
#pragma once

#include <array>
#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct RpropOptions {
  /// The initial step size of every element. Schedules have no effect.
  Option<double> lr{"lr", 1e-2, kAboveZero};
  /// Factors of the step size where the gradient's sign has changed, and where it has not.
  Option<std::array<double, 2>> etas{"etas", {0.5, 1.2}, kAboveZero};
  /// The smallest and the largest step size.
  Option<std::array<double, 2>> step_sizes{"step_sizes", {1e-6, 50}, kZeroOrMore};
  Option<bool> maximize{"maximize", false};

  /// Throws ValueError unless etas[0] < 1 < etas[1] and the step sizes are in order.
  void check(const char* optimizer) const;
};

/// Resilient backpropagation (Riedmiller and Braun 1993), as in PyTorch, for full batches: steps
/// depend on the signs of the gradient only. An element whose gradient has changed its sign is not
/// moved in that step.
/// Example: nn::Linear fc(at, 2, 1); optim::Rprop(at.params(), {.lr = 1e-2}).lr()  // 0.01
class Rprop : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit Rprop(const ParamList& params, const RpropOptions& options = {},
                 const std::vector<GroupRule<RpropOptions>>& groups = {});

 private:
  void update(Parameter& parameter) override;
};

}  // namespace tapehead::optim
