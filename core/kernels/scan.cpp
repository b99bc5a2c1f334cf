#include "tapehead/core/kernels/scan.h"

#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T, class Sum, class Out>
void sums(const void* x_, void* out_, int64_t n, int64_t stride, int64_t columns) {
  const T* x = static_cast<const T*>(x_);
  Out* out = static_cast<Out*>(out_);
  if (columns == 1) {  // keeps the sum in a register
    Sum total = 0;
    for (int64_t i = 0; i < n; ++i) {
      total += static_cast<Sum>(x[i * stride]);
      out[i * stride] = static_cast<Out>(total);
    }
    return;
  }
  Sum totals[ScanKernels::kColumns] = {};
  for (int64_t i = 0; i < n; ++i, x += stride, out += stride) {
#pragma GCC ivdep
    for (int64_t c = 0; c < columns; ++c) {
      totals[c] += static_cast<Sum>(x[c]);
      out[c] = static_cast<Out>(totals[c]);
    }
  }
}

}  // namespace

extern const ScanKernels scan_kernels = {
    {sums<float, double, float>, sums<double, double, double>, sums<bfloat16, double, bfloat16>,
     sums<int64_t, uint64_t, int64_t>, sums<int32_t, uint64_t, int64_t>,
     sums<uint8_t, uint64_t, int64_t>, sums<bool, uint64_t, int64_t>}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
