// Pooling of the planes of each channel: [D, H, W] to [D', H', W'].
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/depthwise.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Windows of the same shape, whose positions in the plane are needed besides their maxima.
template <class T>
struct MaxRows {
  RowWindow<T> window;
  const int64_t* offset;  ///< of each term in the plane, relative to the first
  /// The position of the first term of result [r, i] is first + r * row_step + i * column_step.
  int64_t first, row_step, column_step;
};

/// The windows of the results along one axis.
template <class T>
struct PoolAxis {
  int64_t size, count;              ///< of the plane; of the results
  const int64_t *begin, *end;       ///< result i has begin[i] <= index < end[i]
  const T* factor;                  ///< of each result
  int64_t step, span;               ///< of the results inner_first <= i < inner_last, begin[i] is
  int64_t inner_first, inner_last;  ///< begin[inner_first] + (i - inner_first) step, span indices
};

template <class T>
struct PoolKernels {
  /// Writes the maximum of each window and, unless `index` is null, its position: the first one, or
  /// the last NaN. Returns whether a maximum was -infinity, whose index is then -1.
  bool (*max)(const MaxRows<T>& rows, T* out, int64_t* index);
  /// The same for windows of different shapes, none empty, without exception for -infinity.
  void (*max_windows)(const T* x, const PoolAxis<T>* axes, T* out, int64_t* index);
  /// Writes the sum of each window times its factors. `row` has room for a row of the plane.
  void (*sum)(const T* x, const PoolAxis<T>* axes, T* row, T* out);
  /// Writes the gradient dx of sum() for dy.
  void (*sum_gradient)(const T* dy, const PoolAxis<T>* axes, T* row, T* dx);
  /// out[i] = x[index[i]]
  void (*gather)(const T* x, const int64_t* index, int64_t n, T* out);
  /// out[index[i]] += x[i], or = x[i].
  void (*scatter)(const T* x, const int64_t* index, int64_t n, bool add, T* out);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(pooling, PoolKernels, "max_pool2d avg_pool2d adaptive_max_pool2d")
