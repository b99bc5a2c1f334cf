// Kernels on rows of attention: of its scores, and of queries, results and gradients in memory.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"
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
  /// The dot product of x and y.
  double (*dot)(const T* x, const T* y, int64_t n);
  /// Copies `rows` rows of n elements, multiplied by `scale`, from memory, where they are of type T
  /// or bf16 and `step` elements apart.
  void (*read)(T* to, const void* from, DType type, int64_t step, int64_t rows, int64_t n, T scale);
  /// Copies rows to memory, the r-th multiplied by scales[r * scale_step].
  void (*write)(const T* from, void* to, DType type, int64_t step, int64_t rows, int64_t n,
                const T* scales, int64_t scale_step);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(attention, AttentionKernels, "scaled_dot_product_attention")
