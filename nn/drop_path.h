// Stochastic depth.
#pragma once

#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// In training, zeroes each sample of the batch with probability p and scales the others by
/// 1 / (1 - p); the identity in evaluation. Applied to what a residual branch adds, it trains a
/// network of random depth: Huang et al. 2016.
class DropPath {
 public:
  /// Throws ValueError when p is outside 0..1.
  DropPath(Scope at, double p);
  /// [B, ...] to [B, ...]. Throws ShapeError for a 0-d tensor.
  Tensor operator()(const Tensor& x) const;

 private:
  Scope at_;
  double p_;
};

}  // namespace tapehead::nn
