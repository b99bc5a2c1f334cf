// Stochastic depth.
#pragma once

#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// Stochastic depth (Huang et al. 2016): in training, zeroes each sample of the batch with
/// probability p and scales the others by 1 / (1 - p); the identity in evaluation. Apply it to the
/// output of a residual branch.
/// Example: nn::DropPath(at, 0.1)(randn({8, 20, 64}))  // shape [8, 20, 64]
class DropPath {
 public:
  /// Throws ValueError when p is outside 0..1.
  DropPath(Scope at, double p);
  explicit DropPath(double p) : DropPath(Scope(), p) {}
  /// [B, ...] to [B, ...]. Throws ShapeError for a 0-d tensor.
  Tensor operator()(const Tensor& x) const;
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  double p_;
};

}  // namespace tapehead::nn
