// Rows of attention scores.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Elements lie side by side. A score of -infinity has no weight; a row may have no other.
template <class T>
struct AttentionKernels {
  /// A step of the online softmax (Milakov and Gimelshein 2018): x becomes exp(x - largest), where
  /// `largest` and `sum` first take in the row. Gives the factor for what was summed before.
  T (*accumulate)(T* x, int64_t n, T* largest, double* sum);
  /// x = exp(x - shift)
  void (*weights)(T* x, int64_t n, T shift);
  /// dx = weight * (dx - delta)
  void (*gradient)(const T* weight, T* dx, int64_t n, T delta);
  /// x = -infinity where `seen`, which has a stride of `step`, is false.
  void (*hide)(T* x, const bool* seen, int64_t step, int64_t n);
  /// Adds x to *to, one after the other.
  void (*add_up)(T* to, const T* x, int64_t n);
  /// The sum of the products, one after the other.
  double (*dot)(const T* x, int64_t x_step, const T* y, int64_t y_step, int64_t n);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(attention, AttentionKernels, "scaled_dot_product_attention")
