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
  int64_t column_x, column_y, column_index;
};

/// How scatter() combines an element with the value for it. NaN is larger and smaller than any
/// number.
enum class Scatter : uint8_t { set, add, mul, max, min };
constexpr int kScatters = 5;

/// Indexed by DType; arithmetic is null for types that are computed in another (kernel_type()).
/// Results are bit-for-bit the same under every instruction set.
struct IndexKernels {
  /// to[i] += sum of from[rows[j] * stride + i] over j < count, for i < width; bf16 is accumulated
  /// in f32. Summation in blocks keeps the error from growing with `count`.
  void (*add_rows[kDTypes])(void* to, const void* from, int64_t stride, const int64_t* rows,
                            int64_t count, int64_t width);
  /// to[indices[i] * stride + j] += from[i * stride + j] for i < n, j < width, in order. Not bf16.
  void (*add_each_row[kDTypes])(void* to, const void* from, int64_t stride, const int64_t* indices,
                                int64_t n, int64_t width);
  void (*gather[kDTypes])(const Gathered&);  ///< y = x
  /// Combines the elements of x with those of y, in order. bf16: only Scatter::set.
  void (*scatter[kScatters][kDTypes])(const Gathered&);
  void (*reverse[kDTypes])(void* to, const void* from, int64_t n);  ///< to[i] = from[n - 1 - i]
  /// to[i * to_step + j] = from[j * from_step + i] for i < rows, j < columns.
  void (*transpose[kDTypes])(void* to, int64_t to_step, const void* from, int64_t from_step,
                             int64_t rows, int64_t columns);
  /// The number of non-zero elements.
  int64_t (*count[kDTypes])(const void* x, int64_t n);
  /// Stores the positions of the `count` non-zero elements.
  void (*positions[kDTypes])(const void* x, int64_t count, int64_t* out);
  /// Whether all indices are in low..high-1.
  bool (*in_range)(const int64_t* indices, int64_t n, int64_t low, int64_t high);
  /// to[i] = indices[i], plus `size` if it is negative.
  void (*wrap)(const int64_t* indices, int64_t n, int64_t size, int64_t* to);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(index, IndexKernels, "embedding flip gather index index_add scatter_reduce")
