// Sums of weighted elements; see core/detail/taps.h.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// The taps of n results: [n, slots]. Taps of negative index are 0.
template <class T>
struct TapSlots {
  const int32_t* index;
  const T* weight;
  int64_t slots, n;
};

/// Channels that have the same taps: `size` elements of x for each, of which there are `results`
/// sums in y.
struct TapChannels {
  int64_t channels, size, results;
};

/// The taps of an axis, as in core::AxisTaps, and the same in slots. Results first..last-1, if any,
/// are copies of the elements from `copied` on.
template <class T>
struct TapsOfAxis {
  int64_t size, count;
  const int64_t* start;
  const int32_t* index;
  const T* weight;
  TapSlots<T> slots;
  int64_t first, last, copied;
};

/// See core::GridTaps. Of the polynomials' derivatives, the chain rule's factor is applied here.
template <class T>
struct GridAxis {
  int64_t size;
  T scale, shift, low, high;
  bool clamps, reflects, each_tap;
  int taps, first, order;
  T weight[4][4];
};

template <class T>
struct TapKernels {
  /// y [outer, count, inner] from x [outer, size, inner].
  void (*sum_axis)(const TapsOfAxis<T>& axis, const T* x, int64_t outer, int64_t inner, T* y);
  /// y = sum of w x[index]
  void (*gather)(const TapSlots<T>& taps, const TapChannels& shape, const T* x, T* y);
  /// x[index] += w y
  void (*scatter)(const TapSlots<T>& taps, const TapChannels& shape, const T* y, T* x);
  /// w += x[index] y, summed over the channels; `taps` has only the indices.
  void (*product)(const TapSlots<T>& taps, const TapChannels& shape, const T* x, const T* y, T* w);
  /// Slot k of the taps of n coordinates. `index` may be null.
  void (*grid)(const GridAxis<T>& axis, int k, const T* g, int64_t n, int32_t* index, T* weight);
  /// index = rows * size + within, or -1 if one of them is negative.
  void (*combine)(const int32_t* rows, const int32_t* within, int64_t n, int32_t size,
                  int32_t* index);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(taps, TapKernels, "interpolate grid_sample")
