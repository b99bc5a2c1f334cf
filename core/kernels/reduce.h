// Kernels that reduce: many elements to one.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

// Every reduction, a row each.
//
//   K(name, types)
//
// name   the functor in reduce.cpp, or of those that look at elements twice in moments.cpp
// types  which element types it has: all, arithmetic (no bool), floating
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

/// How one reduction of one element type runs. Results grow in totals: records of `record` bytes,
/// at most kMaxRecord, that are more precise than the elements.
struct Reducer {
  static constexpr int64_t kMaxRecord = 24;

  int64_t record;
  DType result;
  void (*start)(void* totals, int64_t count);
  /// Takes a tile of rows x cols elements into `cols` totals, along the rows. Strides are in bytes.
  void (*tile)(const char* x, int64_t rows, int64_t cols, int64_t row_stride, int64_t col_stride,
               void* totals);
  /// totals[i] takes in partials[i].
  void (*merge)(void* totals, const void* partials, int64_t count);
  /// Writes the results of `count` totals. `n` is how many elements went into each; `arg` is the
  /// op's.
  void (*finish)(const void* totals, int64_t count, char* out, int64_t out_stride, double n,
                 double arg);
};

/// [Reduce][DType], the first for those before Reduce::var, the second for the others. `tile` is
/// null where the type is not supported.
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
