// Kernels on rows of attention scores.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Rows are contiguous. A score of -infinity has weight 0; all scores of a row may be -infinity.
template <class T>
struct AttentionKernels {
  /// One step of the online softmax (Milakov and Gimelshein 2018): updates `largest` and `sum` with
  /// the row, replaces x by exp(x - largest), and returns the factor that rescales earlier sums.
  T (*accumulate)(T* x, int64_t n, T* largest, double* sum);
  /// x = exp(x - shift)
  void (*weights)(T* x, int64_t n, T shift);
  /// dx = weight * (dx - delta)
  void (*gradient)(const T* weight, T* dx, int64_t n, T delta);
  /// x = -infinity where `seen`, of stride `step`, is false.
  void (*hide)(T* x, const bool* seen, int64_t step, int64_t n);
  /// Adds the elements of x to *to, in order.
  void (*add_up)(T* to, const T* x, int64_t n);
  /// The dot product of x and y, summed in order.
  double (*dot)(const T* x, int64_t x_step, const T* y, int64_t y_step, int64_t n);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(attention, AttentionKernels, "scaled_dot_product_attention")
