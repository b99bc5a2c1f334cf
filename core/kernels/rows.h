// Kernels on rows of one floating type: softmax and the parts of cross entropy.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Rows are contiguous unless there is a stride, in elements. Arrays are indexed by 0 for softmax
/// and 1 for log_softmax. Results may alias operands.
struct RowKernels {
  /// y = softmax(x) of each row of n.
  void (*softmax[2])(const void* x, void* y, int64_t rows, int64_t n);
  /// Softmax along columns: n rows, `stride` elements apart.
  void (*softmax_columns[2])(const void* x, void* y, int64_t n, int64_t stride, int64_t cols);
  /// dx from the result y and its gradient dy.
  void (*softmax_grad[2])(const void* y, const void* dy, void* dx, int64_t rows, int64_t n);
  void (*softmax_grad_columns[2])(const void* y, const void* dy, void* dx, int64_t n,
                                  int64_t stride, int64_t cols);

  /// The largest element of a row, and the sum of exp(x - largest).
  void (*exp_sum)(const void* x, int64_t n, double* largest, double* sum);
  /// The sum of weight * (shift - x). Weights are f32 for bf16 rows; null stands for ones.
  double (*weighted_distance)(const void* x, int64_t n, double shift, const void* weight);
  /// dx = scale * exp(x - shift) - push * weight.
  void (*scaled_exp)(const void* x, void* dx, int64_t n, double shift, double scale, double push,
                     const void* weight);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_FLOATING(rows, RowKernels, "softmax log_softmax cross_entropy")
