// Rows of attention scores.
#pragma once

#include <cstdint>

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
};

}  // namespace tapehead::kernels
