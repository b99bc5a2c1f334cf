#include "tapehead/core/kernels/winograd.h"

#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// y[0..3 * step] = G x[0..2 * from]
template <class T>
inline void filter_points(const T* x, int64_t from, T* y, int64_t step) {
  const T ends = x[0] + x[2 * from], middle = x[from];
  y[0] = x[0];
  y[step] = (ends + middle) / 2;
  y[2 * step] = (ends - middle) / 2;
  y[3 * step] = x[2 * from];
}

template <class T>
void filters(const T* w, int64_t out, int64_t out_step, int64_t in, int64_t in_step, bool flip,
             T* u) {
  for (int64_t o = 0; o < out; ++o)
    for (int64_t c = 0; c < in; ++c) {
      const T* from = w + o * out_step + c * in_step;
      T filter[9], rows[12], points[16];
      for (int k = 0; k < 9; ++k) filter[k] = from[flip ? 8 - k : k];
      for (int j = 0; j < 3; ++j) filter_points(filter + j, 3, rows + j, 3);
      for (int i = 0; i < 4; ++i) filter_points(rows + 3 * i, 1, points + 4 * i, 1);
      for (int k = 0; k < 16; ++k) u[(k * out + o) * in + c] = points[k];
    }
}

// Elements of consecutive pairs: the first or the second ones.
template <class T, int kSecond>
inline Vector<T> of_pairs(Vector<T> a, Vector<T> b) {
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    return __builtin_shufflevector(a, b, (2 * I + kSecond)...);
  }
  (std::make_integer_sequence<int, kWidth<T>>());
}

// A number or a vector of each of W adjacent tiles.
template <class T, bool kVector>
struct Lane {
  using Value = T;
  static T get(const T* x) { return *x; }
  static void put(T* to, T v) { *to = v; }
  // Elements 0 and 1 of tiles at x, from the difference or sum of two rows.
  template <class Join>
  static void pairs(const T* a, const T* b, Join join, T& first, T& second) {
    first = join(a[0], b[0]), second = join(a[1], b[1]);
  }
  static void put_pairs(T* to, T first, T second) { to[0] = first, to[1] = second; }
};
template <class T>
struct Lane<T, true> {
  using Value = Vector<T>;
  static Value get(const T* x) { return load(x); }
  static void put(T* to, Value v) { store(to, v); }
  template <class Join>
  static void pairs(const T* a, const T* b, Join join, Value& first, Value& second) {
    const Value low = join(load(a), load(b));
    const Value high = join(load(a + kWidth<T>), load(b + kWidth<T>));
    first = of_pairs<T, 0>(low, high), second = of_pairs<T, 1>(low, high);
  }
  static void put_pairs(T* to, Value first, Value second) {
    store(to, interleave<T, false>(first, second));
    store(to + kWidth<T>, interleave<T, true>(first, second));
  }
};

// Four of the points of tiles at x, from row a of it and row b.
template <class L, class T, class Join>
inline void input_points(const T* a, const T* b, Join join, T* v, int64_t step) {
  typename L::Value c0, c1, c2, c3;
  L::pairs(a, b, join, c0, c1);
  L::pairs(a + 2, b + 2, join, c2, c3);
  L::put(v, c0 - c2);
  L::put(v + step, c1 + c2);
  L::put(v + 2 * step, c2 - c1);
  L::put(v + 3 * step, c1 - c3);
}

template <class L, class T>
inline void input_tile(const T* x, int64_t pitch, T* v, int64_t step) {
  const auto sum = [](auto a, auto b) { return a + b; };
  const auto difference = [](auto a, auto b) { return a - b; };
  input_points<L>(x, x + 2 * pitch, difference, v, step);
  input_points<L>(x + pitch, x + 2 * pitch, sum, v + 4 * step, step);
  input_points<L>(x + 2 * pitch, x + pitch, difference, v + 8 * step, step);
  input_points<L>(x + pitch, x + 3 * pitch, difference, v + 12 * step, step);
}

// Calls f<Lane>(i) for vectors of tiles, of which the last may overlap, or for single tiles.
template <class T, class F>
inline void each_tile(int64_t n, F f) {
  constexpr int W = kWidth<T>;
  if (n < W) {
    for (int64_t i = 0; i < n; ++i) f.template operator()<Lane<T, false>>(i);
    return;
  }
  for (int64_t i = 0; i + W <= n; i += W) f.template operator()<Lane<T, true>>(i);
  if (n % W != 0) f.template operator()<Lane<T, true>>(n - W);
}

template <class T>
void input(const T* x, int64_t pitch, int64_t rows, int64_t n, T* v, int64_t step) {
  for (int64_t r = 0; r < rows; ++r, x += 2 * pitch, v += n)
    each_tile<T>(n, [&]<class L>(int64_t i) { input_tile<L>(x + 2 * i, pitch, v + i, step); });
}

// The results of tiles, in the rows at y and, unless it is null, at lower.
template <class L, class T>
inline void output_tile(const T* m, int64_t step, T bias, T* y, T* lower) {
  typename L::Value up[4], down[4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const auto a = L::get(m + (4 + j) * step), b = L::get(m + (8 + j) * step);
    up[j] = L::get(m + j * step) + (a + b);
    down[j] = (a - b) - L::get(m + (12 + j) * step);
  }
  L::put_pairs(y, up[0] + up[1] + up[2] + bias, up[1] - up[2] - up[3] + bias);
  if (lower)
    L::put_pairs(lower, down[0] + down[1] + down[2] + bias, down[1] - down[2] - down[3] + bias);
}

template <class T>
void output(const T* m, int64_t step, T bias, int64_t rows, int64_t columns, T* y) {
  const int64_t whole = columns / 2, n = (columns + 1) / 2;
  for (int64_t r = 0; r < rows; r += 2, y += 2 * columns, m += n) {
    T* const lower = r + 1 < rows ? y + columns : nullptr;
    each_tile<T>(whole, [&]<class L>(int64_t i) {
      output_tile<L>(m + i, step, bias, y + 2 * i, lower ? lower + 2 * i : nullptr);
    });
    if (whole == n) continue;
    T last[2], last_lower[2];
    output_tile<Lane<T, false>>(m + whole, step, bias, last, last_lower);
    y[columns - 1] = last[0];
    if (lower) lower[columns - 1] = last_lower[0];
  }
}

}  // namespace

extern const WinogradKernels<float> winograd_f32 = {filters<float>, input<float>, output<float>};
extern const WinogradKernels<double> winograd_f64 = {filters<double>, input<double>,
                                                     output<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
