// Normalisation and dropout.
#pragma once

#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct NormOptions {
  double eps = 1e-5;
  bool bias = true;  ///< LayerNorm only
};

/// (x - mean) / sqrt(var + eps) over the last axis, times weight, plus bias: Ba et al. 2016.
class LayerNorm {
 public:
  LayerNorm(Scope at, int64_t width, const NormOptions& options = {});
  Tensor operator()(const Tensor& x) const;

  Tensor weight, bias;  ///< [width]

 private:
  Scope at_;
  double eps_;
};

/// x / sqrt(mean(x²) + eps) over the last axis, times weight: Zhang and Sennrich 2019.
class RMSNorm {
 public:
  RMSNorm(Scope at, int64_t width, const NormOptions& options = {});
  Tensor operator()(const Tensor& x) const;

  Tensor weight;  ///< [width]

 private:
  Scope at_;
  double eps_;
};

/// In training, zeroes each element with probability p and scales the others by 1 / (1 - p):
/// Srivastava et al. 2014. In evaluation it does nothing.
class Dropout {
 public:
  /// Throws ValueError when p is outside 0..1.
  Dropout(Scope at, double p);
  Tensor operator()(const Tensor& x) const;

 private:
  Scope at_;
  double p_;
};

}  // namespace tapehead::nn
