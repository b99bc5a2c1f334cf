// Convolutions along a sequence.
//
// B batch, T positions, C channels, K kernel.
#pragma once

#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct DepthwiseConvOptions {
  int64_t kernel_size = 3;  ///< odd; the kernel is centred on each position
  bool bias = true;
  Init init = init::fan_in_uniform();  ///< of the weight; its fan-in is K
};

/// Convolves each channel separately, with zero padding:
///
///   y[t, c] = b[c] + sum_k w[c, k] x[t + k - (K - 1) / 2, c]
///
/// Followed by a linear layer, it is a depthwise separable convolution (Chollet 2017).
/// Example: nn::DepthwiseConv(at, 64, {.kernel_size = 5})(randn({8, 20, 64}))  // shape [8, 20, 64]
class DepthwiseConv {
 public:
  /// Throws ValueError for an even kernel, or sizes below 1.
  DepthwiseConv(Scope at, int64_t channels, const DepthwiseConvOptions& options = {});
  /// Maps x [B, T, C] to [B, T, C]. Positions past `lengths`, i64 [B], are treated as zeros. Throws
  /// ShapeError if x has another shape.
  Tensor operator()(const Tensor& x, const Tensor& lengths = {}) const;

  Tensor weight;  ///< [C, K]
  Tensor bias;    ///< [C], or undefined

 private:
  Scope at_;
};

}  // namespace tapehead::nn
