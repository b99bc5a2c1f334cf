// Convolutions along a sequence.
//
// B batch, T positions, C channels, K kernel.
#pragma once

#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct DepthwiseConvOptions {
  int64_t kernel_size = 3;  ///< odd: a position sees as many before it as after it
  bool bias = true;
  Init init = init::fan_in_uniform();  ///< of the weight, which sees a fan-in of K
};

/// Each channel by itself, with zeros around the sequence:
///
///   y[t, c] = b[c] + sum_k w[c, k] x[t + k - (K - 1) / 2, c]
///
/// With a linear layer behind it, it is a separable convolution (Chollet 2017).
class DepthwiseConv {
 public:
  /// Throws ValueError for an even kernel, or sizes below 1.
  DepthwiseConv(Scope at, int64_t channels, const DepthwiseConvOptions& options = {});
  /// x [B, T, C] gives [B, T, C]. What lies past `lengths`, i64 [B], is seen as zeros. Throws
  /// ShapeError.
  Tensor operator()(const Tensor& x, const Tensor& lengths = {}) const;

  Tensor weight;  ///< [C, K]
  Tensor bias;    ///< [C], or undefined

 private:
  Scope at_;
};

}  // namespace tapehead::nn
