// Kernels of layer_norm and rms_norm.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Rows have n elements of one floating type. Weights, biases and statistics are f64 for f64 rows,
/// else f32. Arrays are indexed by 0 for layer_norm and 1 for rms_norm, which takes the mean to be
/// 0.
struct NormKernels {
  /// y = (x - mean) rstd weight + bias, where rstd = 1 / sqrt(var + eps) and var is the mean of (x
  /// - mean)². Writes mean and rstd of each row to `stats`; weight and bias may be null.
  void (*forward[2])(const void* x, const void* weight, const void* bias, void* y, void* stats,
                     int64_t rows, int64_t n, double eps);
  /// Computes dx from dy, and adds the gradients of weight and bias to dweight and dbias. Each of
  /// the three may be null.
  void (*backward[2])(const void* x, const void* weight, const void* dy, const void* stats,
                      void* dx, void* dweight, void* dbias, int64_t rows, int64_t n);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_FLOATING(norm, NormKernels, "layer_norm rms_norm")
