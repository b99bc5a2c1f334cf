// Rows and elements that integers choose.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// The elements of x that indices choose along one axis, [length, columns], and those of y beside
/// them. Steps count elements: along the axis, and from column to column.
struct Gathered {
  void *x, *y;
  const int64_t* indices;
  int64_t length, columns;
  int64_t step_x, step_y, step_index;
  int64_t column_x, column_y;  ///< the indices' columns lie side by side
};

/// By DType. The bits do not depend on the instruction set.
struct IndexKernels {
  /// to[i] += the sum of from[rows[j] * stride + i] over j < count, i < width; bf16 is summed in
  /// f32. The sum is cut into blocks, so that its error grows with their number and not with
  /// `count`.
  void (*add_rows[kDTypes])(void* to, const void* from, int64_t stride, const int64_t* rows,
                            int64_t count, int64_t width);
  void (*gather[kDTypes])(const Gathered&);        ///< y = x
  void (*add_gathered[kDTypes])(const Gathered&);  ///< x += y, one after the other
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(index, IndexKernels, "embedding gather index_select")
