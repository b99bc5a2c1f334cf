// Passes of the fast Fourier transform. The inner loops run over lanes and over the transforms that
// earlier passes have separated, which are side by side.
#include "tapehead/core/kernels/fft.h"

#include <type_traits>

#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// The numbers of one transform, or of as many as a vector has elements.
template <class V, class T>
inline V get(const T* from) {
  if constexpr (std::is_same_v<V, T>) return *from;
  else return load<T>(from);
}
template <class V, class T>
inline void put(T* to, V v) {
  if constexpr (std::is_same_v<V, T>) *to = v;
  else store<T>(to, v);
}

// Calls f<V>(q) for q < s. The last vector may contain elements of the one before.
template <class T, class F>
inline void each_vector(int64_t s, F f) {
  if (s < kWidth<T>) {
    for (int64_t q = 0; q < s; ++q) f.template operator()<T>(q);
    return;
  }
  int64_t q = 0;
  for (; q + kWidth<T> <= s; q += kWidth<T>) f.template operator()<Vector<T>>(q);
  if (q < s) f.template operator()<Vector<T>>(s - kWidth<T>);
}

// The operands and results of a pass.
template <class T>
struct FftPass {
  int64_t m, s, step;
  const T* roots;
  const T *re, *im;
  T *to_re, *to_im;
};

// Stores (r, i) times the k-th power of the root w^p.
template <class T, class V>
inline void put_product(const FftPass<T>& x, T* to_re, T* to_im, int64_t p, int64_t k, V r, V i) {
  const T c = x.roots[2 * x.step * p * k], d = x.roots[2 * x.step * p * k + 1];
  put<V>(to_re + k * x.s, r * c - i * d);
  put<V>(to_im + k * x.s, r * d + i * c);
}

template <class T>
void fft_pass2(const FftPass<T>& x) {
  const int64_t next = x.s * x.m;
  for (int64_t p = 0; p < x.m; ++p)
    each_vector<T>(x.s, [&]<class V>(int64_t q) {
      const T *re = x.re + x.s * p + q, *im = x.im + x.s * p + q;
      T *to_re = x.to_re + 2 * x.s * p + q, *to_im = x.to_im + 2 * x.s * p + q;
      const V ar = get<V>(re), ai = get<V>(im), br = get<V>(re + next), bi = get<V>(im + next);
      put<V>(to_re, ar + br), put<V>(to_im, ai + bi);
      put_product(x, to_re, to_im, p, 1, ar - br, ai - bi);
    });
}

template <class T>
void fft_pass4(const FftPass<T>& x) {
  const int64_t next = x.s * x.m;
  for (int64_t p = 0; p < x.m; ++p)
    each_vector<T>(x.s, [&]<class V>(int64_t q) {
      const T *re = x.re + x.s * p + q, *im = x.im + x.s * p + q;
      T *to_re = x.to_re + 4 * x.s * p + q, *to_im = x.to_im + 4 * x.s * p + q;
      const V r0 = get<V>(re), r1 = get<V>(re + next), r2 = get<V>(re + 2 * next);
      const V r3 = get<V>(re + 3 * next), i0 = get<V>(im), i1 = get<V>(im + next);
      const V i2 = get<V>(im + 2 * next), i3 = get<V>(im + 3 * next);
      const V ar = r0 + r2, ai = i0 + i2, br = r0 - r2, bi = i0 - i2, cr = r1 + r3, ci = i1 + i3;
      const V dr = i1 - i3, di = r3 - r1;  // -i times the difference
      put<V>(to_re, ar + cr), put<V>(to_im, ai + ci);
      put_product(x, to_re, to_im, p, 1, br + dr, bi + di);
      put_product(x, to_re, to_im, p, 2, ar - cr, ai - ci);
      put_product(x, to_re, to_im, p, 3, br - dr, bi - di);
    });
}

// An odd radix: elements j and radix - j of the sum share their products, as do results k and
// radix - k. kRadix is the radix if it is small, so that its numbers are kept in registers, or 0.
template <int kRadix, class T>
void fft_pass_odd(int64_t given, const FftPass<T>& x) {
  constexpr int kMost = (kRadix ? kRadix : kLargestRadix) / 2 + 1;
  const int radix = kRadix ? kRadix : static_cast<int>(given), half = radix / 2;
  const int64_t next = x.s * x.m;
  for (int64_t p = 0; p < x.m; ++p)
    each_vector<T>(x.s, [&]<class V>(int64_t q) {
      const T *re = x.re + x.s * p + q, *im = x.im + x.s * p + q;
      T *to_re = x.to_re + radix * x.s * p + q, *to_im = x.to_im + radix * x.s * p + q;
      V sum_r[kMost], sum_i[kMost], diff_r[kMost], diff_i[kMost];
      const V first_r = get<V>(re), first_i = get<V>(im);
      V total_r = first_r, total_i = first_i;
      for (int j = 1; j <= half; ++j) {
        const int64_t a = next * j, b = next * (radix - j);
        const V ar = get<V>(re + a), ai = get<V>(im + a), br = get<V>(re + b), bi = get<V>(im + b);
        sum_r[j] = ar + br, sum_i[j] = ai + bi, diff_r[j] = ar - br, diff_i[j] = ai - bi;
        total_r += sum_r[j], total_i += sum_i[j];
      }
      put<V>(to_re, total_r), put<V>(to_im, total_i);
      for (int k = 1; k <= half; ++k) {
        V even_r = first_r, even_i = first_i, odd_r = {}, odd_i = {};
        for (int j = 1; j <= half; ++j) {
          const T* w = x.roots + 2 * x.m * x.step * (j * k % radix);
          even_r += w[0] * sum_r[j], even_i += w[0] * sum_i[j];
          odd_r -= w[1] * diff_i[j], odd_i += w[1] * diff_r[j];
        }
        put_product(x, to_re, to_im, p, k, even_r + odd_r, even_i + odd_i);
        put_product(x, to_re, to_im, p, radix - k, even_r - odd_r, even_i - odd_i);
      }
    });
}

template <class T>
void fft_pass(int64_t radix, int64_t m, int64_t s, int64_t step, const T* roots, const T* re,
              const T* im, T* to_re, T* to_im) {
  const FftPass<T> x{m, s, step, roots, re, im, to_re, to_im};
  if (radix == 4) fft_pass4(x);
  else if (radix == 2) fft_pass2(x);
  else if (radix == 3) fft_pass_odd<3>(radix, x);
  else if (radix == 5) fft_pass_odd<5>(radix, x);
  else fft_pass_odd<0>(radix, x);
}

template <class T>
void fft_multiply(const T* w, int64_t n, int64_t lanes, T* re, T* im) {
  for (int64_t j = 0; j < n; ++j, re += lanes, im += lanes)
#pragma GCC ivdep
    for (int64_t l = 0; l < lanes; ++l) {
      const T r = re[l], i = im[l];
      re[l] = r * w[2 * j] - i * w[2 * j + 1], im[l] = r * w[2 * j + 1] + i * w[2 * j];
    }
}

// Whether the elements of a lane are side by side, as numbers or as pairs, for whole vectors of
// lanes, which are then transposed.
template <class T>
inline bool is_dense(const FftLanes<T>& x) {
  if (!x.second[x.lanes - 1] || x.lanes % kWidth<T> != 0) return false;
  return x.stride == (x.second[0] == x.first[0] + 1 ? 2 : 1);
}

// Whether the numbers of all lanes are side by side, first and second in turns.
template <class T>
inline bool is_adjacent(const FftLanes<T>& x) {
  bool out = x.second[x.lanes - 1] != nullptr;
  for (int64_t l = 0; out && l < x.lanes; ++l)
    out = x.first[l] == x.first[0] + 2 * l && x.second[l] == x.first[l] + 1;
  return out;
}

// Copies elements between rows of numbers (of which those with odd positions go to `odd`, or all to
// `even`) and vectors of lanes. Returns how many it has copied, a multiple of the width.
template <class T, bool kStore>
inline int64_t transpose_rows(T* const* rows, int64_t numbers, int64_t lanes, T scale, T* even,
                              T* odd) {
  constexpr int64_t kW = kWidth<T>;
  const int64_t step = odd ? kW / 2 : kW;
  int64_t at = 0;
  for (; at + kW <= numbers; at += kW, even += step * lanes, odd += odd ? step * lanes : 0)
    for (int64_t l = 0; l < lanes; l += kW) {
      Vector<T> v[kW];
      T* places[kW];
#pragma GCC unroll 16
      for (int64_t i = 0; i < kW; ++i)
        places[i] = l + (odd ? (i % 2 ? odd : even) + i / 2 * lanes : even + i * lanes);
#pragma GCC unroll 16
      for (int64_t i = 0; i < kW; ++i) v[i] = load<T>(kStore ? places[i] : rows[l + i] + at);
      transpose<T>(v);
#pragma GCC unroll 16
      for (int64_t i = 0; i < kW; ++i) {
        if constexpr (kStore) store<T>(rows[l + i] + at, v[i] * scale);
        else store<T>(places[i], v[i]);
      }
    }
  return at;
}

// The elements that are copied by whole vectors.
template <class T, bool kStore>
inline int64_t transpose_lanes(const FftLanes<T>& x, int64_t n, T scale, T* re, T* im) {
  if (x.stride == 2) return transpose_rows<T, kStore>(x.first, 2 * n, x.lanes, scale, re, im) / 2;
  T* const none = nullptr;
  transpose_rows<T, kStore>(x.first, n, x.lanes, scale, re, none);
  return transpose_rows<T, kStore>(x.second, n, x.lanes, scale, im, none);
}

template <class T>
void fft_load(const FftLanes<T>& from, int64_t n, T* __restrict re, T* __restrict im) {
  const int64_t stride = from.stride;
  int64_t j = is_dense(from) ? transpose_lanes<T, false>(from, n, T(1), re, im) : 0;
  const bool adjacent = is_adjacent(from);
  int64_t lanes = from.lanes;
  if (adjacent && lanes == 1 && stride == 2) lanes = n, n = 1;  // the elements are adjacent
  for (; j < n; ++j) {
    T *r = re + j * lanes, *i = im + j * lanes;
    if (adjacent) {
      const T* __restrict x = from.first[0] + j * stride;
      for (int64_t l = 0; l < lanes; ++l) r[l] = x[2 * l], i[l] = x[2 * l + 1];
    } else {
      for (int64_t l = 0; l < lanes; ++l) {
        r[l] = from.first[l] ? from.first[l][j * stride] : T(0);
        i[l] = from.second[l] ? from.second[l][j * stride] : T(0);
      }
    }
  }
}

template <class T>
void fft_store(const FftLanes<T>& to, int64_t n, T scale, T* __restrict re, T* __restrict im) {
  const int64_t stride = to.stride;
  int64_t j = is_dense(to) ? transpose_lanes<T, true>(to, n, scale, re, im) : 0;
  const bool adjacent = is_adjacent(to);
  int64_t lanes = to.lanes;
  if (adjacent && lanes == 1 && stride == 2) lanes = n, n = 1;
  for (; j < n; ++j) {
    const T *r = re + j * lanes, *i = im + j * lanes;
    if (adjacent) {
      T* __restrict x = to.first[0] + j * stride;
      for (int64_t l = 0; l < lanes; ++l) x[2 * l] = r[l] * scale, x[2 * l + 1] = i[l] * scale;
    } else {
      for (int64_t l = 0; l < lanes; ++l) {
        if (to.first[l]) to.first[l][j * stride] = r[l] * scale;
        if (to.second[l]) to.second[l][j * stride] = i[l] * scale;
      }
    }
  }
}

// Whether element k of the transform of n real numbers is real: its imaginary part is not read.
inline bool is_real_element(int64_t k, int64_t n) { return 2 * k % n == 0; }

template <class T>
void fft_split(int64_t n, int64_t lanes, T middle, const T* __restrict re, const T* __restrict im,
               T* __restrict to_re, T* __restrict to_im) {
  T *other_re = to_re + (n / 2 + 1) * lanes, *other_im = to_im + (n / 2 + 1) * lanes;
  for (int64_t k = 0; k <= n / 2; ++k) {
    const bool real = is_real_element(k, n);
    const T factor = (real ? T(1) : middle) / 2;
    const int64_t at = k * lanes, mirrored = (real ? k : n - k) * lanes;
#pragma GCC ivdep
    for (int64_t l = 0; l < lanes; ++l) {
      const T ar = re[at + l], ai = im[at + l], br = re[mirrored + l], bi = im[mirrored + l];
      to_re[at + l] = (ar + br) * factor, to_im[at + l] = (ai - bi) * factor;
      other_re[at + l] = (ai + bi) * factor, other_im[at + l] = (br - ar) * factor;
    }
  }
}

template <class T>
void fft_merge(int64_t n, int64_t lanes, T middle, const T* __restrict re, const T* __restrict im,
               T* __restrict to_re, T* __restrict to_im) {
  const T *other_re = re + (n / 2 + 1) * lanes, *other_im = im + (n / 2 + 1) * lanes;
  for (int64_t k = 0; k <= n / 2; ++k) {
    const bool real = is_real_element(k, n);
    const T factor = real ? T(1) : middle;
    const int64_t at = k * lanes, mirrored = (real ? k : n - k) * lanes;
#pragma GCC ivdep
    for (int64_t l = 0; l < lanes; ++l) {
      const T ar = re[at + l] * factor, ai = real ? T(0) : im[at + l] * factor;
      const T br = other_re[at + l] * factor, bi = real ? T(0) : other_im[at + l] * factor;
      to_re[mirrored + l] = ar + bi, to_im[mirrored + l] = br - ai;
      to_re[at + l] = ar - bi, to_im[at + l] = ai + br;
    }
  }
}

}  // namespace

extern const FftKernels<float> fft_f32 = {
    fft_pass<float>,  fft_multiply<float>, fft_load<float>,
    fft_store<float>, fft_split<float>,    fft_merge<float>,
};
extern const FftKernels<double> fft_f64 = {
    fft_pass<double>,  fft_multiply<double>, fft_load<double>,
    fft_store<double>, fft_split<double>,    fft_merge<double>,
};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
