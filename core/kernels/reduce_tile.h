// For kernel files: turns a functor into a Reducer. Everything here has internal linkage.
//
// A functor F<T> on elements of type T has
//   Acc    what a lane holds while a block of elements is taken in
//   Total  what the blocks are gathered in: wider, so that long sums stay accurate
//   Out    the result
//   identity(), step(acc, x), merge(acc, acc), gather(total, acc), join(total, total),
//   finish(total, n, arg)
//
// The order of the additions depends on the sizes and strides of the tile alone.
#pragma once

#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels {
namespace {

constexpr int64_t kBlock = 4096;    // elements of a row that lanes take in before they are gathered
constexpr int64_t kRowBlock = 64;   // the same for rows of columns
constexpr int64_t kColBlock = 256;  // columns side by side
constexpr int64_t kShortRow =
    16;  // below it columns side by side are quicker even when not contiguous

template <class T>
inline const T& element(const char* x, int64_t offset) {
  return *reinterpret_cast<const T*>(x + offset);
}

// One row into one total.
template <class T, class F, bool kContiguous>
inline void reduce_row(const char* x, int64_t n, int64_t stride, typename F::Total& total) {
  using Acc = typename F::Acc;
  constexpr int64_t kLanes = 256 / sizeof(Acc);
  for (int64_t begin = 0; begin < n; begin += kBlock) {
    const int64_t count = n - begin < kBlock ? n - begin : kBlock;
    const char* at = x + begin * stride;
    const auto load = [=](int64_t i) {
      return kContiguous ? reinterpret_cast<const T*>(at)[i] : element<T>(at, i * stride);
    };
    Acc lanes[kLanes];
    for (int64_t l = 0; l < kLanes; ++l) lanes[l] = F::identity();
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes)
      for (int64_t l = 0; l < kLanes; ++l) lanes[l] = F::step(lanes[l], load(i + l));
    for (int64_t l = 0; i + l < count; ++l) lanes[l] = F::step(lanes[l], load(i + l));
    for (int64_t width = kLanes / 2; width > 0; width /= 2)
      for (int64_t l = 0; l < width; ++l) lanes[l] = F::merge(lanes[l], lanes[l + width]);
    total = F::gather(total, lanes[0]);
  }
}

// Up to kColBlock columns side by side.
template <class T, class F, bool kContiguous>
inline void reduce_columns(const char* x, int64_t rows, int64_t cols, int64_t row_stride,
                           int64_t col_stride, typename F::Total* totals) {
  using Acc = typename F::Acc;
  Acc acc[kColBlock];
  for (int64_t begin = 0; begin < rows; begin += kRowBlock) {
    const int64_t end = rows - begin < kRowBlock ? rows : begin + kRowBlock;
    for (int64_t c = 0; c < cols; ++c) acc[c] = F::identity();
    const auto load = [=](int64_t r, int64_t c) {
      const char* row = x + r * row_stride;
      return kContiguous ? reinterpret_cast<const T*>(row)[c] : element<T>(row, c * col_stride);
    };
    int64_t r = begin;
    for (; r + 4 <= end; r += 4)
      for (int64_t c = 0; c < cols; ++c)
        acc[c] =
            F::step(F::step(F::step(F::step(acc[c], load(r, c)), load(r + 1, c)), load(r + 2, c)),
                    load(r + 3, c));
    for (; r < end; ++r)
      for (int64_t c = 0; c < cols; ++c) acc[c] = F::step(acc[c], load(r, c));
    for (int64_t c = 0; c < cols; ++c) totals[c] = F::gather(totals[c], acc[c]);
  }
}

template <class T, class F>
void reduce_tile(const char* x, int64_t rows, int64_t cols, int64_t row_stride, int64_t col_stride,
                 void* totals_) {
  auto* totals = static_cast<typename F::Total*>(totals_);
  const int64_t size = sizeof(T);
  const bool side_by_side =
      cols > 1 && (row_stride == size ? rows < kShortRow : col_stride == size);
  if (!side_by_side) {
    for (int64_t c = 0; c < cols; ++c) {
      const char* row = x + c * col_stride;
      if (row_stride == size)
        reduce_row<T, F, true>(row, rows, row_stride, totals[c]);
      else
        reduce_row<T, F, false>(row, rows, row_stride, totals[c]);
    }
    return;
  }
  for (int64_t c = 0; c < cols; c += kColBlock) {
    const int64_t count = cols - c < kColBlock ? cols - c : kColBlock;
    const char* at = x + c * col_stride;
    if (col_stride == size)
      reduce_columns<T, F, true>(at, rows, count, row_stride, col_stride, totals + c);
    else
      reduce_columns<T, F, false>(at, rows, count, row_stride, col_stride, totals + c);
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

template <class T, class F>
constexpr Reducer reducer_of(void (*tile)(const char*, int64_t, int64_t, int64_t, int64_t, void*)) {
  static_assert(sizeof(typename F::Total) <= Reducer::kMaxRecord);
  return {sizeof(typename F::Total), dtype_of<typename F::Out>(),
          start_totals<F>,           tile,
          merge_totals<F>,           finish_totals<F>};
}

template <class T, template <class> class F, auto kTypes>
constexpr Reducer reducer() {
  if constexpr (kTypes(dtype_of<T>()))
    return reducer_of<T, F<T>>(reduce_tile<T, F<T>>);
  else
    return {};
}

}  // namespace
}  // namespace tapehead::kernels
