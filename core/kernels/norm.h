// Kernels that normalise rows.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Of rows of n elements of one floating type; weights, biases and what is kept of each row are
/// f32, of f64 rows f64. Where there are two of a kernel, [0] is layer_norm and [1] rms_norm, whose
/// mean is 0.
struct NormKernels {
  /// y = (x - mean) * rstd * weight + bias, rstd = 1 / sqrt(mean of (x - mean)² + eps). stats
  /// receives mean and rstd of each row; weight and bias may be null.
  void (*forward[2])(const void* x, const void* weight, const void* bias, void* y, void* stats,
                     int64_t rows, int64_t n, double eps);
  /// dx from dy; adds the gradients of weight and bias to dweight and dbias. Each may be null.
  void (*backward[2])(const void* x, const void* weight, const void* dy, const void* stats,
                      void* dx, void* dweight, void* dbias, int64_t rows, int64_t n);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_FLOATING(norm, NormKernels, "layer_norm rms_norm")
