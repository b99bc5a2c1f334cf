#include "tapehead/core/kernels/taps.h"

#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// Sets y to the sum of K weighted rows of n elements, or adds it to y.
template <int K, bool kAdd, class T>
inline void sum_rows(const T* x, const int32_t* index, const T* weight, int64_t n, T* y) {
  const T* rows[K];
  for (int k = 0; k < K; ++k) rows[k] = x + index[k] * n;
#pragma GCC ivdep
  for (int64_t j = 0; j < n; ++j) {
    T total = weight[0] * rows[0][j];
    for (int k = 1; k < K; ++k) total += weight[k] * rows[k][j];
    y[j] = kAdd ? y[j] + total : total;
  }
}

template <class T>
void sum_all_rows(const T* x, const int32_t* index, const T* weight, int64_t taps, int64_t n,
                  T* y) {
  int64_t k = 1;
  if (taps >= 4) sum_rows<4, false>(x, index, weight, n, y), k = 4;
  else if (taps >= 2) sum_rows<2, false>(x, index, weight, n, y), k = 2;
  else if (taps == 1) sum_rows<1, false>(x, index, weight, n, y);
  else
    for (int64_t j = 0; j < n; ++j) y[j] = 0;
  for (; k < taps; ++k) sum_rows<1, true>(x, index + k, weight + k, n, y);
}

// Calls f<4>(c) or f<1>(c) for the channels from c on, so that taps are loaded once for four. Loops
// over points are not vectorised: on many CPUs, gathering takes longer than loading each element.
#define TAPEHEAD_NOT_VECTORIZED \
  __attribute__((noinline, optimize("no-tree-vectorize", "no-tree-slp-vectorize")))
template <class F>
inline void each_channels(int64_t channels, F f) {
  int64_t c = 0;
  for (; c + 4 <= channels; c += 4) f.template operator()<4>(c);
  for (; c < channels; ++c) f.template operator()<1>(c);
}

template <int C, class T>
TAPEHEAD_NOT_VECTORIZED void gather_of(const TapSlots<T>& t, const T* x, int64_t size, T* y,
                                       int64_t results) {
  const int32_t* index = t.index;
  const T* weight = t.weight;
  for (int64_t i = 0; i < t.n; ++i) {
    T total[C] = {};
    for (int64_t k = 0; k < t.slots; ++k, ++index, ++weight) {
      if (*index < 0) continue;
      const T* from = x + *index;
#pragma GCC unroll 4
      for (int c = 0; c < C; ++c) total[c] += *weight * from[c * size];
    }
#pragma GCC unroll 4
    for (int c = 0; c < C; ++c) y[c * results + i] = total[c];
  }
}
template <int C, class T>
TAPEHEAD_NOT_VECTORIZED void scatter_of(const TapSlots<T>& t, const T* y, int64_t results, T* x,
                                        int64_t size) {
  const int32_t* index = t.index;
  const T* weight = t.weight;
  for (int64_t i = 0; i < t.n; ++i)
    for (int64_t k = 0; k < t.slots; ++k, ++index, ++weight) {
      if (*index < 0) continue;
      T* to = x + *index;
#pragma GCC unroll 4
      for (int c = 0; c < C; ++c) to[c * size] += *weight * y[c * results + i];
    }
}
template <int C, class T>
TAPEHEAD_NOT_VECTORIZED void product_of(const TapSlots<T>& t, const T* x, int64_t size, const T* y,
                                        int64_t results, T* w) {
  const int32_t* index = t.index;
  for (int64_t i = 0; i < t.n; ++i)
    for (int64_t k = 0; k < t.slots; ++k, ++index, ++w) {
      if (*index < 0) continue;
      const T* from = x + *index;
      T total = 0;
#pragma GCC unroll 4
      for (int c = 0; c < C; ++c) total += from[c * size] * y[c * results + i];
      *w += total;
    }
}

template <class T>
void gather(const TapSlots<T>& t, const TapChannels& s, const T* x, T* y) {
  each_channels(s.channels, [&]<int C>(int64_t c) {
    gather_of<C>(t, x + c * s.size, s.size, y + c * s.results, s.results);
  });
}
template <class T>
void scatter(const TapSlots<T>& t, const TapChannels& s, const T* y, T* x) {
  each_channels(s.channels, [&]<int C>(int64_t c) {
    scatter_of<C>(t, y + c * s.results, s.results, x + c * s.size, s.size);
  });
}
template <class T>
void product(const TapSlots<T>& t, const TapChannels& s, const T* x, const T* y, T* w) {
  each_channels(s.channels, [&]<int C>(int64_t c) {
    product_of<C>(t, x + c * s.size, s.size, y + c * s.results, s.results, w);
  });
}

template <class T>
inline T single_sum(const TapsOfAxis<T>& a, int64_t i, const T* x) {
  T total = 0;
  for (int64_t k = a.start[i]; k < a.start[i + 1]; ++k) total += a.weight[k] * x[a.index[k]];
  return total;
}

template <class T>
void sum_axis(const TapsOfAxis<T>& a, const T* x, int64_t outer, int64_t inner, T* y) {
  if (inner == 1 && a.first == a.last)
    return gather(a.slots, TapChannels{outer, a.size, a.count}, x, y);
  for (int64_t o = 0; o < outer; ++o, x += a.size * inner, y += a.count * inner) {
    if (inner > 1) {
      for (int64_t i = 0; i < a.count; ++i)
        sum_all_rows(x, a.index + a.start[i], a.weight + a.start[i], a.start[i + 1] - a.start[i],
                     inner, y + i * inner);
      continue;
    }
    for (int64_t i = 0; i < a.first; ++i) y[i] = single_sum(a, i, x);
    const T* from = x + a.copied - a.first;
#pragma GCC ivdep
    for (int64_t i = a.first; i < a.last; ++i) y[i] = from[i];
    for (int64_t i = a.last; i < a.count; ++i) y[i] = single_sum(a, i, x);
  }
}

template <class T>
struct Padded {
  T position, slope;
};

// Reflects a position between `low` and `high`, and clamps it to 0..size-1.
template <bool kReflects, class T>
inline Padded<T> padded(const GridAxis<T>& a, T position) {
  T slope = 1;
  if constexpr (kReflects) {
    const T span = a.high - a.low, above = position - a.low;
    const T distance = absolute(above), turns = floor_of(distance / span);
    const T rest = distance - turns * span;
    const bool odd = turns - 2 * floor_of(turns / 2) != 0;
    slope = (above < 0) != odd ? T(-1) : T(1);
    position = a.low + (odd ? span - rest : rest);
    if (!(span > 0)) position = 0;
  }
  const T last = static_cast<T>(a.size - 1);
  slope = position > 0 && position < last ? slope : 0;
  position = position > 0 ? position : 0;
  return {position < last ? position : last, slope};
}

template <bool kClamps, bool kReflects, class T>
TAPEHEAD_NOT_CONTRACTED void grid_slot(const GridAxis<T>& a, int k, const T* g, int64_t n,
                                       int32_t* index, T* weight) {
  const T size = static_cast<T>(a.size), tap = static_cast<T>(a.first + k);
  const T c0 = a.weight[k][0], c1 = a.weight[k][1], c2 = a.weight[k][2], c3 = a.weight[k][3];
  T factor = 1;
  for (int m = 0; m < a.order; ++m) factor *= a.scale;
  const bool is_odd = a.order % 2 != 0, is_derivative = a.order > 0;
  for (int64_t i = 0; i < n; ++i) {
    Padded<T> p{a.scale * (g[i] + 1) + a.shift, 1};
    if (kClamps && !a.each_tap) p = padded<kReflects>(a, p.position);
    const T whole = a.taps == 1 ? round_of(p.position) : floor_of(p.position);
    const T t = a.taps == 1 ? T(0) : p.position - whole;
    const T slopes = is_odd ? p.slope : p.slope * p.slope;  // to the power of the order
    weight[i] = (c0 + t * (c1 + t * (c2 + t * c3))) * (is_derivative ? factor * slopes : T(1));
    T at = whole + tap;
    if (kClamps && a.each_tap) at = padded<kReflects>(a, at).position;
    const bool inside = at >= 0 && at < size;
    if (index) index[i] = inside ? static_cast<int32_t>(inside ? at : T(0)) : -1;
  }
}

template <class T>
void grid(const GridAxis<T>& a, int k, const T* g, int64_t n, int32_t* index, T* weight) {
  if (a.reflects) grid_slot<true, true>(a, k, g, n, index, weight);
  else if (a.clamps) grid_slot<true, false>(a, k, g, n, index, weight);
  else grid_slot<false, false>(a, k, g, n, index, weight);
}

void combine(const int32_t* rows, const int32_t* within, int64_t n, int32_t size, int32_t* index) {
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i)
    index[i] = rows[i] < 0 || within[i] < 0 ? -1 : rows[i] * size + within[i];
}

template <class T>
constexpr TapKernels<T> kernels_of() {
  return {sum_axis<T>, gather<T>, scatter<T>, product<T>, grid<T>, combine};
}

}  // namespace

extern const TapKernels<float> taps_f32 = kernels_of<float>();
extern const TapKernels<double> taps_f64 = kernels_of<double>();

}  // namespace tapehead::kernels::TAPEHEAD_ISA
