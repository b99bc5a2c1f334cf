// Running sums.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// By DType. The bits do not depend on the instruction set.
struct ScanKernels {
  static constexpr int64_t kColumns = 64;

  /// Running sums of up to kColumns columns side by side: n steps of `stride` elements. Floats are
  /// summed in double, integers and bool as i64, which the result then is.
  void (*sums[kDTypes])(const void* x, void* out, int64_t n, int64_t stride, int64_t columns);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(scan, ScanKernels, "cumsum")
