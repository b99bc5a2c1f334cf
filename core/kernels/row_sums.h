// For kernel files: reductions within a row, in a fixed order. Everything here has internal
// linkage.
//
// Partial results are kept in a few lanes, which the compiler vectorises. There are few because
// lanes are joined at the end of every row, and rows are short. Loops over lanes are not unrolled,
// because GCC then treats the lanes as scalars.
#pragma once

#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels {
namespace {

template <class C>
inline constexpr int64_t kLanes = sizeof(C) < 4 ? 16 : 64 / static_cast<int64_t>(sizeof(C));
inline constexpr int64_t kRowBlock = 2048;  // elements per block of lane sums

/// step(… step(step(start, 0), 1) …, n - 1), split into lanes that are combined with join().
template <class C, int64_t kWidth = kLanes<C>, class Step, class Join>
inline C in_lanes(int64_t n, C start, Step step, Join join) {
  constexpr int64_t kHalf = kWidth / 2;
  C lanes[kWidth];
  for (int64_t l = 0; l < kWidth; ++l) lanes[l] = start;
  int64_t i = 0;
  for (; i + kWidth <= n; i += kWidth)
#pragma GCC unroll 1
    for (int64_t l = 0; l < kWidth; ++l) lanes[l] = step(lanes[l], i + l);
  if (i + kHalf <= n) {
#pragma GCC unroll 1
    for (int64_t l = 0; l < kHalf; ++l) lanes[l] = step(lanes[l], i + l);
    i += kHalf;
  }
  C rest = start;
  for (; i < n; ++i) rest = step(rest, i);
  for (int64_t width = kHalf; width > 0; width /= 2)
    for (int64_t l = 0; l < width; ++l) lanes[l] = join(lanes[l], lanes[l + width]);
  return join(lanes[0], rest);
}

/// The sum of term(0) … term(n - 1), computed in C; for short rows.
template <class C, class F>
inline C lane_sum(int64_t n, F term) {
  return in_lanes(
      n, C(0), [=](C total, int64_t i) { return total + term(i); }, [](C a, C b) { return a + b; });
}

/// The sum of term(0) … term(n - 1) for rows of any length, accumulated across blocks in double.
template <class C, class F>
inline double row_sum(int64_t n, F term) {
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kRowBlock)
    total += static_cast<double>(in_lanes(
        n - begin < kRowBlock ? n - begin : kRowBlock, C(0),
        [=](C acc, int64_t i) { return acc + term(begin + i); }, [](C a, C b) { return a + b; }));
  return total;
}

/// The maximum of load(0) … load(n - 1), n > 0. NaN may or may not be ignored.
template <class C, class F>
inline C row_max(int64_t n, F load) {
  const auto larger = [](C a, C b) { return b > a ? b : a; };
  return in_lanes(
      n, load(0), [=](C acc, int64_t i) { return larger(acc, load(i)); }, larger);
}

}  // namespace
}  // namespace tapehead::kernels
