// Kernels of cumulative sums.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Indexed by DType; null for types that are computed in another (kernel_type()). Results are
/// bit-for-bit the same under every instruction set.
struct ScanKernels {
  static constexpr int64_t kColumns = 64;

  /// Cumulative sums of up to kColumns contiguous columns, over n steps of `stride` elements.
  /// Floating types are accumulated in double; integers and bool in i64, which is also the type of
  /// the result.
  void (*sums[kDTypes])(const void* x, void* out, int64_t n, int64_t stride, int64_t columns);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(scan, ScanKernels, "cumsum")
