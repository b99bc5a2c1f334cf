// Kernels for indexing by integers.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// The elements of x selected by indices along one axis, [length, columns], and the corresponding
/// elements of y. Steps count elements: step_* along the axis, column_* from column to column.
struct Gathered {
  void *x, *y;
  const int64_t* indices;
  int64_t length, columns;
  int64_t step_x, step_y, step_index;
  int64_t column_x, column_y;  ///< columns of the indices are contiguous
};

/// Indexed by DType; additions are null for types that are computed in another (kernel_type()).
/// Results are bit-for-bit the same under every instruction set.
struct IndexKernels {
  /// to[i] += sum of from[rows[j] * stride + i] over j < count, for i < width; bf16 is accumulated
  /// in f32. Summation in blocks keeps the error from growing with `count`.
  void (*add_rows[kDTypes])(void* to, const void* from, int64_t stride, const int64_t* rows,
                            int64_t count, int64_t width);
  void (*gather[kDTypes])(const Gathered&);        ///< y = x
  void (*add_gathered[kDTypes])(const Gathered&);  ///< x += y, in order
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(index, IndexKernels, "embedding gather index_select")
