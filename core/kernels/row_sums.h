// For kernel files: reductions inside of a row, in a fixed order. Internal linkage only.
//
// A few partial results side by side make a vector loop; few, because they are joined at the end of
// every row, and rows are short. Not unrolled, because GCC takes unrolled lanes for scalars.
#pragma once

#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels {
namespace {

template <class C>
constexpr int64_t kLanes = sizeof(C) < 4 ? 16 : 64 / static_cast<int64_t>(sizeof(C));
constexpr int64_t kRowBlock = 2048;  // elements that lanes take in before they are gathered

/// step(… step(step(start, 0), 1) …, n - 1), cut into lanes that join() brings together.
template <class C, class Step, class Join>
inline C in_lanes(int64_t n, C start, Step step, Join join) {
  constexpr int64_t kHalf = kLanes<C> / 2;
  C lanes[kLanes<C>];
  for (int64_t l = 0; l < kLanes<C>; ++l) lanes[l] = start;
  int64_t i = 0;
  for (; i + kLanes<C> <= n; i += kLanes<C>)
#pragma GCC unroll 1
    for (int64_t l = 0; l < kLanes<C>; ++l) lanes[l] = step(lanes[l], i + l);
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

/// The sum of term(0) … term(n - 1), which are of type C, in C: of short rows.
template <class C, class F>
inline C lane_sum(int64_t n, F term) {
  return in_lanes(
      n, C(0), [=](C total, int64_t i) { return total + term(i); }, [](C a, C b) { return a + b; });
}

/// The same of rows of any length, in double.
template <class C, class F>
inline double row_sum(int64_t n, F term) {
  double total = 0;
  for (int64_t begin = 0; begin < n; begin += kRowBlock)
    total += static_cast<double>(in_lanes(
        n - begin < kRowBlock ? n - begin : kRowBlock, C(0),
        [=](C acc, int64_t i) { return acc + term(begin + i); }, [](C a, C b) { return a + b; }));
  return total;
}

/// The largest of load(0) … load(n - 1), n > 0; NaN may or may not be passed over.
template <class C, class F>
inline C row_max(int64_t n, F load) {
  const auto larger = [](C a, C b) { return b > a ? b : a; };
  return in_lanes(
      n, load(0), [=](C acc, int64_t i) { return larger(acc, load(i)); }, larger);
}

}  // namespace
}  // namespace tapehead::kernels
