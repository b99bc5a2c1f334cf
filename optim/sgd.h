// Stochastic gradient descent.
#pragma once

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct SGDOptions {
  double lr = 1e-3;
  double momentum = 0;
  /// The share of each gradient, after the first, that the momentum does not take in.
  double dampening = 0;
  double weight_decay = 0;  ///< times the parameter, added to its gradient
  bool nesterov = false;    ///< needs momentum, and no dampening
  bool maximize = false;
};

/// With momentum (Sutskever et al. 2013) as PyTorch has it: v = momentum v + (1 - dampening) g, w =
/// w - lr v, or with Nesterov's w = w - lr (g + momentum v).
class SGD : public Optimizer {
 public:
  /// Trains every parameter of the model. Throws ValueError for options outside their range, for
  /// patterns that fit nothing, and when there are no parameters.
  explicit SGD(const nn::Params& params, const SGDOptions& options = {},
               std::vector<GroupRule> groups = {});
  /// Trains these: `optim::SGD opt({{"image", image}}, {.lr = 1})`.
  explicit SGD(const std::vector<nn::Param>& params, const SGDOptions& options = {},
               std::vector<GroupRule> groups = {});

 private:
  SGD(const SGDOptions& options, std::vector<GroupRule> groups);
  void update(const detail::Updates& updates, double grad_scale) override;

  SGDOptions options_;
};

}  // namespace tapehead::optim
