// For kernel files: reductions inside of a row, in a fixed order. Internal linkage only.
#pragma once

#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels {
namespace {

constexpr int64_t kRowLanes = 32;    // partial sums side by side
constexpr int64_t kRowBlock = 4096;  // elements that the lanes take in before they are gathered

/// The sum of term(0) … term(n - 1), which are of type C.
template <class C, class F>
inline double row_sum(int64_t n, F term) {
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kRowBlock) {
    const int64_t end = n - begin < kRowBlock ? n : begin + kRowBlock;
    C lanes[kRowLanes];
    for (int64_t l = 0; l < kRowLanes; ++l) lanes[l] = 0;
    int64_t i = begin;
    for (; i + kRowLanes <= end; i += kRowLanes)
      for (int64_t l = 0; l < kRowLanes; ++l) lanes[l] += term(i + l);
    for (int64_t l = 0; i + l < end; ++l) lanes[l] += term(i + l);
    for (int64_t width = kRowLanes / 2; width > 0; width /= 2)
      for (int64_t l = 0; l < width; ++l) lanes[l] += lanes[l + width];
    total += static_cast<double>(lanes[0]);
  }
  return total;
}

/// The largest of load(0) … load(n - 1), n > 0; NaN may or may not be passed over.
template <class C, class F>
inline C row_max(int64_t n, F load) {
  C lanes[kRowLanes];
  for (int64_t l = 0; l < kRowLanes; ++l) lanes[l] = load(0);
  int64_t i = 0;
  for (; i + kRowLanes <= n; i += kRowLanes)
    for (int64_t l = 0; l < kRowLanes; ++l)
      lanes[l] = load(i + l) > lanes[l] ? load(i + l) : lanes[l];
  for (int64_t l = 0; i + l < n; ++l) lanes[l] = load(i + l) > lanes[l] ? load(i + l) : lanes[l];
  for (int64_t width = kRowLanes / 2; width > 0; width /= 2)
    for (int64_t l = 0; l < width; ++l)
      lanes[l] = lanes[l + width] > lanes[l] ? lanes[l + width] : lanes[l];
  return lanes[0];
}

}  // namespace
}  // namespace tapehead::kernels
