// RMSprop.
#pragma once

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct RMSpropOptions {
  double lr = 1e-2;
  double alpha = 0.99;  ///< how much of the mean square, and of the mean, each step keeps
  double eps = 1e-8;
  double weight_decay = 0;  ///< times the parameter, added to its gradient
  double momentum = 0;
  bool centered = false;
  bool maximize = false;
};

/// Tieleman and Hinton 2012 (Coursera, lecture 6.5), as PyTorch has it: s = alpha s + (1 - alpha)
/// g², d = g / (sqrt(s) + eps), and w = w - lr d, or with momentum v = momentum v + d, w = w - lr
/// v. Centered (Graves 2013), the square of the mean m = alpha m + (1 - alpha) g is taken off s
/// under the root; less than 0 by rounding counts as 0, where PyTorch gives NaN. So Neural Turing
/// machines and differentiable neural computers were trained, with a learning rate of 1e-4 and a
/// momentum of 0.9; there eps is under the root too.
class RMSprop : public Optimizer {
 public:
  /// Trains every parameter of the model. Throws ValueError for options outside their range, for
  /// patterns that fit nothing, and when there are no parameters.
  explicit RMSprop(const nn::Params& params, const RMSpropOptions& options = {},
                   std::vector<GroupRule> groups = {});
  /// Trains these: `optim::RMSprop opt({{"image", image}}, {.lr = 0.01})`.
  explicit RMSprop(const std::vector<nn::Param>& params, const RMSpropOptions& options = {},
                   std::vector<GroupRule> groups = {});

 private:
  RMSprop(const RMSpropOptions& options, std::vector<GroupRule> groups);
  void update(const detail::Updates& updates, double grad_scale) override;

  RMSpropOptions options_;
};

}  // namespace tapehead::optim
