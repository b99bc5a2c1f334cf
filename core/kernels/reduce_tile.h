// For kernel files: makes a Reducer of a functor. Everything here has internal linkage.
//
// A functor F<T> on elements of type T has
//   Acc    the accumulator of a lane within a block of elements
//   Total  the accumulator across blocks, wider so that long sums stay accurate
//   Out    the result
//   Tile   the functor whose tile code it shares: itself, or one that differs only in finish
//   identity(), start(), step(acc, x), merge(acc, acc), gather(total, acc), join(total, total),
//   finish(total, n, arg)
//
// The order of the additions depends on the sizes and strides of the tile alone.
#pragma once

#include "tapehead/core/kernels/reduce.h"
#include "tapehead/core/kernels/row_sums.h"

namespace tapehead::kernels {
namespace {

inline constexpr int64_t kRowsAtOnce = 64;  // rows, or strided elements, per block
inline constexpr int64_t kColBlock = 256;   // columns reduced together

// Whether F has F::row(), which reduces a row of at most kRowBlock elements, and steps on vectors.
template <class T, class F>
constexpr bool kHasRow = floating(dtype_of<T>()) && requires(const T* x) {
  F::row(x, 1);
};

// Functors whose steps take long have more lanes.
template <class F>
inline constexpr int64_t kLanesOf = kLanes<typename F::Acc>*(requires { F::kSlow; } ? 2 : 1);

// Reduces one contiguous row into one total.
template <class T, class F>
inline void reduce_row(const T* x, int64_t n, typename F::Total& total) {
  using Acc = typename F::Acc;
  for (int64_t begin = 0; begin < n; begin += kRowBlock) {
    const T* at = x + begin;
    const int64_t count = n - begin < kRowBlock ? n - begin : kRowBlock;
    Acc acc;
    if constexpr (kHasRow<T, F>) acc = F::row(at, count);
    else
      acc = in_lanes<Acc, kLanesOf<F>>(
          count, F::identity(), [=](Acc so_far, int64_t i) { return F::step(so_far, at[i]); },
          [](Acc a, Acc b) { return F::merge(a, b); });
    total = F::gather(total, acc);
  }
}

// Reduces one strided row into one total.
template <class T, class F>
inline void reduce_strided(const char* x, int64_t n, int64_t stride, typename F::Total& total) {
  using Acc = typename F::Acc;
  for (int64_t begin = 0; begin < n; begin += kRowsAtOnce) {
    const int64_t end = n - begin < kRowsAtOnce ? n : begin + kRowsAtOnce;
    Acc acc = F::identity();
    for (int64_t i = begin; i < end; ++i)
      acc = F::step(acc, *reinterpret_cast<const T*>(x + i * stride));
    total = F::gather(total, acc);
  }
}

template <class T>
inline constexpr int64_t kStrip = 8 * kWidth<T>;  // columns whose results are kept in registers

template <class F, class T>
inline void reduce_strip(const T* x, int64_t rows, int64_t stride, T* acc) {
  Vector<T> v[8];
  for (Vector<T>& lanes : v) lanes = Vector<T>{} + F::identity();
  const char* at = reinterpret_cast<const char*>(x);
  for (; rows > 0; --rows, at += stride) {
    // Each row may be in another page, where the processor does not foresee the next one.
    for (int i = 0; i < 8 * kVectorBytes; i += 64) __builtin_prefetch(at + 4 * stride + i);
#pragma GCC unroll 8
    for (int k = 0; k < 8; ++k)
      v[k] = F::step(v[k], load(reinterpret_cast<const T*>(at + k * kVectorBytes)));
  }
  for (int k = 0; k < 8; ++k) store(acc + k * kWidth<T>, v[k]);
}

// Reduces up to kColBlock contiguous columns.
template <class T, class F>
inline void reduce_columns(const char* x, int64_t rows, int64_t cols, int64_t stride,
                           typename F::Total* totals) {
  using Acc = typename F::Acc;
  Acc acc[kColBlock];
  for (int64_t begin = 0; begin < rows; begin += kRowsAtOnce) {
    const int64_t end = rows - begin < kRowsAtOnce ? rows : begin + kRowsAtOnce;
    const auto row = [=](int64_t r) { return reinterpret_cast<const T*>(x + r * stride); };
    int64_t first = 0;
    if constexpr (kHasRow<T, F> && sizeof(T) >= 4)
      for (; first + kStrip<T> <= cols; first += kStrip<T>)
        reduce_strip<F>(row(begin) + first, end - begin, stride, acc + first);
    for (int64_t c = first; c < cols; ++c) acc[c] = F::identity();
    int64_t r = begin;
    if constexpr (sizeof(T) >= 4)  // four rows for one load and store of acc
      for (; r + 4 <= end; r += 4) {
        const T *x0 = row(r), *x1 = row(r + 1), *x2 = row(r + 2), *x3 = row(r + 3);
        for (int64_t c = first; c < cols; ++c)
          acc[c] = F::step(F::step(F::step(F::step(acc[c], x0[c]), x1[c]), x2[c]), x3[c]);
      }
    for (; r < end; ++r)
      for (int64_t c = first; c < cols; ++c) acc[c] = F::step(acc[c], row(r)[c]);
    for (int64_t c = 0; c < cols; ++c) totals[c] = F::gather(totals[c], acc[c]);
  }
}

template <class T, class F>
void reduce_tile(const char* x, int64_t rows, int64_t cols, int64_t row_stride, int64_t col_stride,
                 void* totals_) {
  auto* totals = static_cast<typename F::Total*>(totals_);
  const int64_t size = sizeof(T);
  if (col_stride == size && cols > 1) {
    for (int64_t c = 0; c < cols; c += kColBlock)
      reduce_columns<T, F>(x + c * size, rows, cols - c < kColBlock ? cols - c : kColBlock,
                           row_stride, totals + c);
  } else if (row_stride == size) {
    for (int64_t c = 0; c < cols; ++c)
      reduce_row<T, F>(reinterpret_cast<const T*>(x + c * col_stride), rows, totals[c]);
  } else {
    for (int64_t c = 0; c < cols; ++c)
      reduce_strided<T, F>(x + c * col_stride, rows, row_stride, totals[c]);
  }
}

template <class F>
void start_totals(void* totals, int64_t count) {
  for (int64_t i = 0; i < count; ++i) static_cast<typename F::Total*>(totals)[i] = F::start();
}
template <class F>
void merge_totals(void* totals, const void* partials, int64_t count) {
  auto* to = static_cast<typename F::Total*>(totals);
  const auto* from = static_cast<const typename F::Total*>(partials);
  for (int64_t i = 0; i < count; ++i) to[i] = F::join(to[i], from[i]);
}
template <class F>
void finish_totals(const void* totals, int64_t count, char* out, int64_t out_stride, double n,
                   double arg) {
  using Out = typename F::Out;
  const auto* from = static_cast<const typename F::Total*>(totals);
  for (int64_t i = 0; i < count; ++i)
    *reinterpret_cast<Out*>(out + i * out_stride) = static_cast<Out>(F::finish(from[i], n, arg));
}

template <class F>
inline constexpr Reducer reducer_of(void (*tile)(const char*, int64_t, int64_t, int64_t, int64_t,
                                                 void*)) {
  using Total = typename F::Total;
  static_assert(sizeof(Total) <= Reducer::kMaxRecord);
  return {sizeof(Total), dtype_of<typename F::Out>(),    start_totals<typename F::Tile>,
          tile,          merge_totals<typename F::Tile>, finish_totals<F>};
}

}  // namespace
}  // namespace tapehead::kernels
