// Kernels of histograms.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

template <class T>
struct HistogramKernels {
  /// Counts the elements in each of `bins` equal parts of [low, high], and in counts[bins] those
  /// outside, as NaN is. The last part includes `high`.
  void (*count)(const T* x, int64_t n, T low, T high, int64_t bins, int64_t* counts);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(histogram, HistogramKernels, "histc")

#ifdef TAPEHEAD_ISA
namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
void count_bins(const T* x, int64_t n, T low, T high, int64_t bins, int64_t* counts) {
  constexpr int64_t kBlock = 256;
  int32_t bin[kBlock];
  const T parts = static_cast<T>(bins), range = high - low;
  const int32_t last = static_cast<int32_t>(bins) - 1;
  for (int64_t start = 0; start < n; start += kBlock) {
    const int64_t count = n - start < kBlock ? n - start : kBlock;
    for (int64_t i = 0; i < count; ++i) {
      const T value = x[start + i];
      const bool inside = (value >= low) & (value <= high);
      const auto at = static_cast<int32_t>((inside ? value - low : T(0)) * parts / range);
      bin[i] = inside ? (at < last ? at : last) : last + 1;
    }
    for (int64_t i = 0; i < count; ++i) ++counts[bin[i]];
  }
}

}  // namespace

extern const HistogramKernels<float> histogram_f32 = {count_bins<float>};
extern const HistogramKernels<double> histogram_f64 = {count_bins<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif
