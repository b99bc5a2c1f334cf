// The passes of batch, group and instance normalisation: over the n elements of a channel, or over
// rows that hold an element of each of n columns.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// The numbers of each column.
template <class T>
struct ColumnNumbers {
  const T *mean, *factor, *shift;
  const T* of_x;  ///< only of gradients
};

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

  /// moments() of n columns, whose elements are `step` apart.
  void (*column_moments)(const T* x, int64_t rows, int64_t step, int64_t n, double* mean,
                         double* squares);
  /// sums() of n columns.
  void (*column_sums)(const T* x, const T* dy, int64_t rows, int64_t step, int64_t n, const T* mean,
                      double* of_dy, double* of_product);
  /// scale() of a row.
  void (*scale_row)(const T* x, int64_t n, const ColumnNumbers<T>& columns, T* y);
  /// input_gradient() of a row, with factors of_dy.
  void (*row_gradient)(const T* x, const T* dy, int64_t n, const ColumnNumbers<T>& columns, T* dx);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(channel_norm, ChannelNormKernels, "batch_norm group_norm")
