// Adafactor.
#pragma once

#include <array>
#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct AdafactorOptions {
  Option<double> lr{"lr", 1e-2, kAboveZero};
  /// The second moment's decay rate in step t is 1 - t^beta2_decay.
  Option<double> beta2_decay{"beta2_decay", -0.8, {[](double x) { return x <= 0; }, "0 or less"}};
  /// A lower limit of the second moment's root; 0, PyTorch's None: the machine epsilon of the
  /// state's type. And a lower limit of the parameter's root mean square.
  Option<std::array<double, 2>> eps{"eps", {0, 1e-3}, kZeroOrMore};
  /// Updates whose root mean square is larger are scaled down to it.
  Option<double> d{"d", 1, {[](double x) { return x >= 1; }, "1 or more"}};
  /// The parameter is multiplied by 1 - lr * weight_decay.
  Option<double> weight_decay{"weight_decay", 0, kZeroOrMore};
  Option<bool> maximize{"maximize", false};
};

/// Adafactor (Shazeer and Stern 2018), as in PyTorch. For parameters of two or more axes, the
/// second moment is the product of its means over the last axis and over the one before, so that
/// the state is much smaller than the parameter. The step size is min(lr, 1 / sqrt(t)) times the
/// root mean square of the parameter.
/// Example: nn::Linear fc(at, 2, 1); optim::Adafactor(at.params(), {.lr = 1e-2}).lr()  // 0.01
class Adafactor : public Optimizer {
 public:
  /// Throws as Optimizer's constructor.
  explicit Adafactor(const ParamList& params, const AdafactorOptions& options = {},
                     const std::vector<GroupRule<AdafactorOptions>>& groups = {});

 private:
  void update(Parameter& parameter) override;
};

}  // namespace tapehead::optim
