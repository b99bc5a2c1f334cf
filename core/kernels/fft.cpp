#include "tapehead/core/kernels/fft.h"

#include <new>

#include "tapehead/core/kernels/kiss_fft.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
using Angle = std::conditional_t<std::is_same_v<T, float>, double, long double>;
template <class T>
using KissFft = kiss::kissfft<Angle<T>>;
template <class T>
using ComplexLanes = kiss::std::complex<Angle<T>>;

template <class T>
int64_t fft_lanes() {
  static_assert(kWidth<T> <= kMaxFftLanes);
  return kWidth<T>;
}

// V contains the numbers of all lanes, or that of one row.
template <class V, class T>
constexpr int64_t kElements = std::is_same_v<V, T> ? 1 : kWidth<T>;
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

// The object and its arrays, in the order in which KISS FFT makes them: the roots first, whose
// alignment that of the object is a multiple of.
template <class T>
struct alignas(64) FftPlanHead {
  KissFft<T> fft;
  // Arguments of a transform. For constants, the compiler would make another copy of KISS FFT.
  size_t stage = 0, stride = 1;
};

template <class T>
int64_t plan_size(int64_t n) {
  return static_cast<int64_t>(sizeof(FftPlanHead<T>)) +
         n * static_cast<int64_t>(sizeof(ComplexLanes<T>)) +
         2 * kiss::kMaxFactors * static_cast<int64_t>(sizeof(size_t));
}

template <class T>
void make_plan(int64_t n, void* plan) {
  kiss::free_memory = static_cast<std::byte*>(plan) + sizeof(FftPlanHead<T>);
  new (plan) FftPlanHead<T>{KissFft<T>(static_cast<size_t>(n), false)};
}

// The copy has an array of its own to work in, which grows to each radix from 7 on, whose sum
// is 90. At -O3, levels of the recursion would be inlined here.
template <class T>
__attribute__((optimize("O2"))) void fft_transform(const void* plan, const T* x, T* y) {
  static_assert(kLargestRadix == 23);
  alignas(64) std::byte memory[90 * sizeof(ComplexLanes<T>)];
  kiss::free_memory = memory;
  const auto& head = *static_cast<const FftPlanHead<T>*>(plan);
  const KissFft<T> fft = head.fft;
  fft.transform(reinterpret_cast<const ComplexLanes<T>*>(x), reinterpret_cast<ComplexLanes<T>*>(y),
                head.stage, head.stride, head.stride);
}

// Where number i of a row is in the numbers of its lane.
inline int64_t slot(const FftLayout& r, int64_t i) {
  return (r.real ? 2 * i : i) ^ int64_t(r.swapped);
}

// Whether element j of all lanes is contiguous in memory.
template <class T>
inline bool are_adjacent(const FftLayout& r, const T* const* rows) {
  for (int64_t l = 1; l < kWidth<T>; ++l)
    if (rows[l] != rows[0] + l * r.parts) return false;
  return true;
}

// Whether a row is like its lane.
inline bool is_same(const FftLayout& r) { return r.step == r.parts && !r.swapped && !r.real; }

// Calls f(i, at) for the numbers from the first on, with their place in a row.
template <class F>
inline void each_number(const FftLayout& r, int64_t first, F f) {
  int64_t i = first;
  for (int64_t j = first / r.parts; j < r.n; ++j)
    for (int64_t part = i - j * r.parts; part < r.parts; ++part, ++i) f(i, j * r.step + part);
}

// The elements of a and b with even or with odd indices.
template <class T, int kOdd>
inline Vector<T> every_second(Vector<T> a, Vector<T> b) {
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    return __builtin_shufflevector(a, b, (2 * I + kOdd)...);
  }
  (std::make_integer_sequence<int, kWidth<T>>());
}

template <class T>
void load_rows(const FftLayout& r, const T* const* rows, int64_t lanes, T* to) {
  constexpr int W = kWidth<T>;
  const int64_t numbers = r.n * r.parts;
  int64_t i = 0;
  if (lanes == 1 && is_same(r)) {
    for (; i < numbers; ++i) to[i] = rows[0][i];
  } else if (lanes == W && r.step == r.parts) {
    for (; i + W <= numbers; i += W) {
      Vector<T> v[W];
#pragma GCC unroll 16
      for (int l = 0; l < W; ++l) v[l] = load(rows[l] + i);
      transpose<T>(v);
#pragma GCC unroll 16
      for (int k = 0; k < W; ++k) store(to + slot(r, i + k) * W, v[k]);
    }
  } else if (lanes == W && are_adjacent<T>(r, rows)) {
    for (const T* from = rows[0]; i < numbers; i += r.parts, from += r.step) {
      const Vector<T> a = load(from);
      if (r.parts == 1) {
        store(to + slot(r, i) * W, a);
      } else {
        const Vector<T> b = load(from + W);
        store(to + slot(r, i) * W, every_second<T, 0>(a, b));
        store(to + slot(r, i + 1) * W, every_second<T, 1>(a, b));
      }
    }
  }
  each_number(r, i, [&](int64_t number, int64_t at) {
    for (int64_t l = 0; l < lanes; ++l) to[slot(r, number) * lanes + l] = rows[l][at];
  });
}

template <class T>
void store_rows(const FftLayout& r, T* const* rows, int64_t count, int64_t lanes, T scale,
                const T* from) {
  constexpr int W = kWidth<T>;
  const int64_t numbers = r.n * r.parts;
  int64_t i = 0;
  if (lanes == 1 && is_same(r)) {
    for (; i < numbers; ++i) rows[0][i] = scale * from[i];
  } else if (lanes == W && r.step == r.parts) {
    for (; i + W <= numbers; i += W) {
      Vector<T> v[W];
#pragma GCC unroll 16
      for (int k = 0; k < W; ++k) v[k] = load(from + slot(r, i + k) * W) * scale;
      transpose<T>(v);
      for (int64_t l = 0; l < count; ++l) store(rows[l] + i, v[l]);
    }
  } else if (count == W && are_adjacent<T>(r, rows)) {
    for (T* to = rows[0]; i < numbers; i += r.parts, to += r.step) {
      const Vector<T> a = load(from + slot(r, i) * W) * scale;
      if (r.parts == 1) {
        store(to, a);
      } else {
        const Vector<T> b = load(from + slot(r, i + 1) * W) * scale;
        store(to, interleave<T, false>(a, b));
        store(to + W, interleave<T, true>(a, b));
      }
    }
  }
  each_number(r, i, [&](int64_t number, int64_t at) {
    for (int64_t l = 0; l < count; ++l) rows[l][at] = scale * from[slot(r, number) * lanes + l];
  });
}

template <class V, class T>
inline void multiply_as(const T* by, int64_t n, bool conjugate, T* x) {
  constexpr int64_t W = kElements<V, T>;
  const T sign = conjugate ? -1 : 1;
#pragma GCC ivdep
  for (int64_t k = 0; k < n; ++k) {
    const T c = by[2 * k], d = by[2 * k + 1];
    const V re = get<V>(x + 2 * k * W), im = get<V>(x + (2 * k + 1) * W) * sign;
    put<V>(x + 2 * k * W, re * c - im * d);
    put<V>(x + (2 * k + 1) * W, re * d + im * c);
  }
}
template <class T>
void multiply_rows(const T* by, int64_t n, int64_t lanes, bool conjugate, T* x) {
  if (lanes == 1) multiply_as<T>(by, n, conjugate, x);
  else multiply_as<Vector<T>>(by, n, conjugate, x);
}

// Elements of V [n, 2].
template <class V, class T>
struct Elements {
  static constexpr int64_t W = kElements<V, T>;
  const T* x;
  V re(int64_t k) const { return get<V>(x + 2 * k * W); }
  V im(int64_t k) const { return get<V>(x + (2 * k + 1) * W); }
  static void set(T* y, int64_t k, V re, V im) {
    put<V>(y + 2 * k * W, re);
    put<V>(y + (2 * k + 1) * W, im);
  }
};

// The elements of even and of odd numbers are (x[k] + conj x[m - k]) / 2 and (x[k] - conj x[m - k])
// / 2i; the latter are rotated.
template <class V, class T>
inline void split_as(int64_t n, T middle, const T* roots, const T* from, T* y) {
  const Elements<V, T> x{from};
  if (n % 2 == 1) {
    x.set(y, 0, x.re(0), x.im(0));
    for (int64_t k = 1; 2 * k < n; ++k) x.set(y, k, x.re(k) * middle, x.im(k) * middle);
    return;
  }
  const int64_t m = n / 2;
  x.set(y, 0, x.re(0) + x.im(0), V{});
  x.set(y, m, x.re(0) - x.im(0), V{});
  const T half = middle / 2;
  for (int64_t k = 1; 2 * k <= m; ++k) {
    const T c = roots[2 * k], d = roots[2 * k + 1];
    const V ar = x.re(k) * half, ai = x.im(k) * half;
    const V br = x.re(m - k) * half, bi = x.im(m - k) * half;
    const V even_re = ar + br, even_im = ai - bi, odd_re = ai + bi, odd_im = br - ar;
    const V re = odd_re * c - odd_im * d, im = odd_re * d + odd_im * c;
    x.set(y, k, even_re + re, even_im + im);
    x.set(y, m - k, even_re - re, im - even_im);
  }
}
template <class T>
void split_rows(int64_t n, int64_t lanes, T middle, const T* roots, const T* x, T* y) {
  if (lanes == 1) split_as<T>(n, middle, roots, x, y);
  else split_as<Vector<T>>(n, middle, roots, x, y);
}

template <class V, class T>
inline void merge_as(int64_t n, T middle, const T* roots, const T* from, T* y) {
  const Elements<V, T> x{from};
  if (n % 2 == 1) {
    x.set(y, 0, V{}, x.re(0));
    for (int64_t k = 1; 2 * k < n; ++k) {
      const V re = x.re(k) * middle, im = x.im(k) * middle;
      x.set(y, k, im, re);
      x.set(y, n - k, -im, re);
    }
    return;
  }
  const int64_t m = n / 2;
  x.set(y, 0, x.re(0) - x.re(m), x.re(0) + x.re(m));
  for (int64_t k = 1; 2 * k <= m; ++k) {
    const T c = roots[2 * k], d = roots[2 * k + 1];
    const V ar = x.re(k) * middle, ai = x.im(k) * middle;
    const V br = x.re(m - k) * middle, bi = x.im(m - k) * middle;
    const V even_re = ar + br, even_im = ai - bi, re = ar - br, im = ai + bi;
    const V odd_re = re * c + im * d, odd_im = im * c - re * d;
    x.set(y, k, even_im + odd_re, even_re - odd_im);
    x.set(y, m - k, odd_re - even_im, even_re + odd_im);
  }
}
template <class T>
void merge_rows(int64_t n, int64_t lanes, T middle, const T* roots, const T* x, T* y) {
  if (lanes == 1) merge_as<T>(n, middle, roots, x, y);
  else merge_as<Vector<T>>(n, middle, roots, x, y);
}

template <class T>
constexpr FftKernels<T> kFftKernels = {fft_lanes<T>,     plan_size<T>,  make_plan<T>,
                                       fft_transform<T>, load_rows<T>,  store_rows<T>,
                                       multiply_rows<T>, split_rows<T>, merge_rows<T>};

}  // namespace

extern const FftKernels<float> fft_f32 = kFftKernels<float>;
extern const FftKernels<double> fft_f64 = kFftKernels<double>;

}  // namespace tapehead::kernels::TAPEHEAD_ISA
