// Reduction kernels.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

// The table of reductions.
//
//   K(name, types)
//
// name   the functor, in reduce.cpp, or in moments.cpp for two-pass reductions
// types  supported dtypes: all, arithmetic (no bool), floating
#define TAPEHEAD_REDUCE_KERNELS(K) \
  K(sum, all)                      \
  K(mean, floating)                \
  K(prod, all)                     \
  K(max, all)                      \
  K(min, all)                      \
  K(any, all)                      \
  K(all, all)                      \
  K(count_nonzero, all)            \
  K(norm2, floating)

#define TAPEHEAD_TWO_PASS_KERNELS(K) \
  K(var, floating)                   \
  K(stddev, floating)                \
  K(logsumexp, floating)

#define TAPEHEAD_ENUM(name, ...) name,
enum class Reduce : uint8_t {
  TAPEHEAD_REDUCE_KERNELS(TAPEHEAD_ENUM) TAPEHEAD_TWO_PASS_KERNELS(TAPEHEAD_ENUM) count
};
#undef TAPEHEAD_ENUM

/// One reduction for one dtype. Results are accumulated in totals: records of `record` bytes, at
/// most kMaxRecord, of higher precision than the elements.
struct Reducer {
  static constexpr int64_t kMaxRecord = 24;

  int64_t record;
  DType result;
  void (*start)(void* totals, int64_t count);
  /// Reduces a tile of rows x cols elements along the rows into `cols` totals. Strides are in
  /// bytes.
  void (*tile)(const char* x, int64_t rows, int64_t cols, int64_t row_stride, int64_t col_stride,
               void* totals);
  /// Merges partials[i] into totals[i].
  void (*merge)(void* totals, const void* partials, int64_t count);
  /// Writes the results of `count` totals. `n` is the number of elements reduced into each; `arg`
  /// is the parameter of the op.
  void (*finish)(const void* totals, int64_t count, char* out, int64_t out_stride, double n,
                 double arg);
};

/// Indexed by [Reduce][DType]; TwoPassKernels has the reductions from Reduce::var on. `tile` is
/// null for unsupported dtypes and those that are computed in another (kernel_type()).
struct ReduceKernels {
  Reducer reducers[static_cast<int>(Reduce::var)][kDTypes];
};
struct TwoPassKernels {
  Reducer reducers[static_cast<int>(Reduce::count) - static_cast<int>(Reduce::var)][kDTypes];
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(reduce, ReduceKernels, "sum max norm")
TAPEHEAD_KERNELS(two_pass, TwoPassKernels, "var logsumexp")

#ifndef TAPEHEAD_ISA
namespace tapehead::kernels {

inline const Reducer& reducer(Reduce op, DType dtype) {
  const int i = static_cast<int>(op), first = static_cast<int>(Reduce::var);
  const auto& row = i < first ? reduce().reducers[i] : two_pass().reducers[i - first];
  return row[static_cast<int>(dtype)];
}

}  // namespace tapehead::kernels
#endif
