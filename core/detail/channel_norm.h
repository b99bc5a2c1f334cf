// Normalisation of groups of channels: batch, group and instance normalisation. Nothing here is
// recorded.
//
// B batch, C channels, P elements of a channel, S sets of elements that are normalised together.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// y = (x - mean) rstd weight + bias, for x [B, C, P] and weight and bias [C] or undefined. All
/// tensors are contiguous f32 or f64.
struct ChannelNorm {
  int64_t B, C, P;
  int64_t groups;          // of adjacent channels of one sample, whose elements are normalised
                           // together; 0: those of a channel in all samples
  Tensor mean, var, rstd;  // [S], f64
  bool of_input = true;    // whether they are those of x; else constants

  int64_t sets() const { return groups == 0 ? C : B * groups; }
  int64_t set_size() const { return B * C * P / sets(); }
  int64_t set_of(int64_t sample, int64_t channel) const {
    return groups == 0 ? channel : sample * groups + channel / (C / groups);
  }

  /// Sets mean and var, the biased variance, of each set.
  void measure(const Tensor& x);
  /// Sets rstd = 1 / sqrt(var + eps).
  void set_rstd(double eps);
  Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias) const;

  struct Gradients {
    Tensor x, weight, bias;
  };
  /// The gradient of x is undefined unless `of_x`.
  Gradients backward(const Tensor& x, const Tensor& weight, const Tensor& dy, bool of_x) const;
};

}  // namespace tapehead::core
