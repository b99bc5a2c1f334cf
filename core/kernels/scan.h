// Kernels of cumulative sums, products, logsumexps and extrema, and of linear recurrences.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Indexed by type: f32, f64, i64. Each runs along up to kColumns contiguous columns, over n steps
/// of `stride` elements, which is negative for scans from the end.
struct ScanKernels {
  static constexpr int64_t kColumns = 64;
  using Scan = void (*)(const void* x, void* out, int64_t n, int64_t stride, int64_t columns);

  /// Floats are accumulated in double. Results are bit-for-bit the same under every instruction
  /// set.
  Scan sums[3], products[3];
  /// log(sum(exp)), f32 and f64.
  Scan log_sums[2];
  /// Largest and smallest elements so far, of which the last one counts, and their positions. After
  /// a NaN, only NaN counts.
  void (*extremes[2][3])(const void* x, void* out, int64_t* at, int64_t n, int64_t stride,
                         int64_t columns);
  /// out[i] = x[i] + factors[i] out[i - 1]; out[0] = x[0]. Accumulated in double; f32 and f64.
  void (*recurrences[2])(const void* x, const void* factors, void* out, int64_t n, int64_t stride,
                         int64_t columns);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(scan, ScanKernels, "cumsum cumprod cummax cummin logcumsumexp")
