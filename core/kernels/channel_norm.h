// The passes of batch, group and instance normalisation over the n elements of a channel.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

template <class T>
struct ChannelNormKernels {
  /// The mean of x, and the sum of (x - mean)².
  void (*moments)(const T* x, int64_t n, double* mean, double* squares);
  /// y = factor (x - mean) + shift
  void (*scale)(const T* x, int64_t n, T mean, T factor, T shift, T* y);
  /// The sums of dy and of dy (x - mean).
  void (*sums)(const T* x, const T* dy, int64_t n, T mean, double* of_dy, double* of_product);
  /// dx = of_dy dy + of_x (x - mean) + shift
  void (*input_gradient)(const T* x, const T* dy, int64_t n, T mean, T of_dy, T of_x, T shift,
                         T* dx);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(channel_norm, ChannelNormKernels, "batch_norm group_norm")
