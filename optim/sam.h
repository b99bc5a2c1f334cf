// Sharpness-aware minimization.
#pragma once

#include <functional>
#include <vector>

#include "tapehead/optim/optimizer.h"

namespace tapehead::optim {

struct SAMOptions {
  double rho = 0.05;      ///< the distance of the perturbed weights
  bool adaptive = false;  ///< scales the perturbation by |w|: ASAM, Kwon et al. 2021
};

/// Sharpness-aware minimization (Foret et al. 2021), around any optimizer: the optimizer's step is
/// taken with the gradient at w + rho g / |g|, where |g| is the norm over all parameters.
///
///   optim::SGD base(params, {.lr = 0.1, .momentum = 0.9});
///   optim::SAM sam(base, {.rho = 0.05});
///   sam.step([&] { base.zero_grad(); Tensor l = loss(batch); l.backward(); return l; });
///
/// step() is these two steps, after the gradients have been computed, and again in between:
///
///   sam.first_step();     // moves the weights to w + rho g / |g|
///   base.zero_grad();
///   loss(batch).backward();
///   sam.second_step();    // moves them back to w, and base.step()
///
/// Save checkpoints after second_step(); there is no further state. The optimizer must outlive it.
/// Example: nn::Linear fc(at, 2, 1); optim::SGD sgd(at.params()); fc(ones({2})).backward();
///     optim::SAM(sgd).first_step()
class SAM {
 public:
  /// Computes the loss and its gradients, and returns the loss.
  using Closure = std::function<Tensor()>;

  /// Throws ValueError for a rho that is negative or not finite.
  explicit SAM(Optimizer& optimizer, const SAMOptions& options = {});

  /// Moves the parameters that have a gradient. Returns the norm |g| (with `adaptive`, of |w| g).
  /// Throws GraphError if it is called twice in a row.
  double first_step();
  /// Moves them back and calls the optimizer's step(). Throws GraphError without first_step().
  void second_step(const StepOptions& options = {});
  /// Both, with gradients from the closure. Returns the first loss.
  Tensor step(const Closure& closure, const StepOptions& options = {});

 private:
  struct Moved {
    Tensor parameter, original;
  };

  void move_back();

  Optimizer& optimizer_;
  SAMOptions options_;
  bool away_ = false;  // between first_step() and second_step()
  std::vector<Moved> moved_;
};

}  // namespace tapehead::optim
