// Convolutions of few channels, such as depthwise ones: the elements of a vector are adjacent
// positions, and each weight is used for all of them.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Rows of positions, each of which sums the `terms` elements x[r * step + i + term[k]]. Up to 64
/// bytes after the last element that is summed are read, too.
template <class T>
struct RowWindow {
  const T* x;
  int64_t step, rows, columns;
  const int64_t* term;
  int64_t terms;
};

template <class T>
struct DepthwiseKernels {
  /// out[r, i] = start + sum_k w[k] x[r * step + i + term[k]], with out of [rows, columns].
  void (*multiply)(const RowWindow<T>& window, const T* w, T start, T* out);
  /// dw[k] += sum_ri dy[r, i] x[r * step + i + term[k]], with dy of [rows, columns].
  void (*accumulate)(const RowWindow<T>& window, const T* dy, T* dw);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(depthwise, DepthwiseKernels, "conv2d conv_transpose2d")
