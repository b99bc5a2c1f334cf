#include "tapehead/core/kernels/depthwise.h"

#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// N vectors of positions: x[v] are those of the elements that the first term selects.
template <class T, int N>
inline void multiply_vectors(const RowWindow<T>& p, const T* w, T start, const T* const (&x)[4],
                             T* const (&out)[4]) {
  Vector<T> sums[N];
#pragma GCC unroll 4
  for (int v = 0; v < N; ++v) sums[v] = Vector<T>{} + start;
  for (int64_t k = 0; k < p.terms; ++k) {
#pragma GCC unroll 4
    for (int v = 0; v < N; ++v) sums[v] += w[k] * load(x[v] + p.term[k]);
  }
#pragma GCC unroll 4
  for (int v = 0; v < N; ++v)
    if (p.columns >= kWidth<T>) store(out[v], sums[v]);
    else store_some(out[v], sums[v], p.columns);
}

// The last vector of a row overlaps the one before it, unless the row is shorter than a vector.
template <class T>
void multiply(const RowWindow<T>& p, const T* w, T start, T* out) {
  constexpr int64_t W = kWidth<T>;
  const T* from[4];
  T* to[4];
  int n = 0;
  for (int64_t r = 0; r < p.rows; ++r)
    for (int64_t i = 0; i < p.columns; i += W) {
      const int64_t column = i + W > p.columns && p.columns >= W ? p.columns - W : i;
      from[n] = p.x + r * p.step + column;
      to[n++] = out + r * p.columns + column;
      if (n < 4) continue;
      multiply_vectors<T, 4>(p, w, start, from, to);
      n = 0;
    }
  if (n == 3) multiply_vectors<T, 3>(p, w, start, from, to);
  if (n == 2) multiply_vectors<T, 2>(p, w, start, from, to);
  if (n == 1) multiply_vectors<T, 1>(p, w, start, from, to);
}

// The first n elements of v, then zeros: what was read after a row may be infinite.
template <class T>
inline Vector<T> first_of(Vector<T> v, int64_t n) {
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    return Vector<T>{T(I)...} < Vector<T>{} + static_cast<T>(n) ? v : Vector<T>{};
  }
  (std::make_integer_sequence<int, kWidth<T>>());
}

template <class T>
inline T total(Vector<T> v) {
  T sum = 0;
  for (int i = 0; i < kWidth<T>; ++i) sum += v[i];
  return sum;
}

// N terms.
template <class T, int N>
void accumulate_terms(const RowWindow<T>& p, const int64_t* term, const T* dy, T* dw) {
  constexpr int64_t W = kWidth<T>;
  Vector<T> sums[N] = {};
  for (int64_t r = 0; r < p.rows; ++r, dy += p.columns) {
    const T* x = p.x + r * p.step;
    int64_t i = 0;
    for (; i + W <= p.columns; i += W) {
      const Vector<T> d = load(dy + i);
#pragma GCC unroll 9
      for (int k = 0; k < N; ++k) sums[k] += d * load(x + i + term[k]);
    }
    if (i == p.columns) continue;
    const Vector<T> d = load_some(dy + i, p.columns - i);
#pragma GCC unroll 9
    for (int k = 0; k < N; ++k) sums[k] += d * first_of<T>(load(x + i + term[k]), p.columns - i);
  }
  for (int k = 0; k < N; ++k) dw[k] += total<T>(sums[k]);
}

template <class T>
void accumulate(const RowWindow<T>& p, const T* dy, T* dw) {
  constexpr int64_t kMost = 9;
  for (int64_t k = 0; k < p.terms; k += kMost) {
    const int64_t n = p.terms - k < kMost ? p.terms - k : kMost;
    [&]<int... I>(std::integer_sequence<int, I...>) {
      ((n == I + 1 ? accumulate_terms<T, I + 1>(p, p.term + k, dy, dw + k) : void()), ...);
    }
    (std::make_integer_sequence<int, kMost>());
  }
}

}  // namespace

extern const DepthwiseKernels<float> depthwise_f32 = {multiply<float>, accumulate<float>};
extern const DepthwiseKernels<double> depthwise_f64 = {multiply<double>, accumulate<double>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
