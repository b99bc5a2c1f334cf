// For kernel files: vectors of the instruction set's width, for kernels whose registers must be
// assigned by hand. Everything here has internal linkage.
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#endif

namespace tapehead::kernels {
namespace {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
inline constexpr int kVectorBytes = 32;
#else
inline constexpr int kVectorBytes = 16;
#endif

template <class T>
struct VectorOf {
  using type [[gnu::vector_size(kVectorBytes)]] = T;
  using Unaligned [[gnu::vector_size(kVectorBytes), gnu::aligned(alignof(T)), gnu::may_alias]] = T;
};
/// The elements of a vector.
template <class T>
inline constexpr int kWidth = kVectorBytes / static_cast<int>(sizeof(T));
template <class T>
using Vector = typename VectorOf<T>::type;

template <class T>
inline Vector<T> load(const T* from) {
  return *reinterpret_cast<const typename VectorOf<T>::Unaligned*>(from);
}
template <class T>
inline void store(T* to, Vector<T> v) {
  *reinterpret_cast<typename VectorOf<T>::Unaligned*>(to) = v;
}
#if defined(__AVX2__) && !defined(__AVX512F__)
/// The mask of the first n elements.
template <class T>
inline __m256i first_elements(int64_t n) {
  static constexpr int32_t kMask[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256(
      reinterpret_cast<const __m256i*>(kMask + 8 - n * static_cast<int64_t>(sizeof(T)) / 4));
}
#endif
/// Stores the first n elements.
template <class T>
inline void store_some(T* to, Vector<T> v, int64_t n) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << n) - 1), (__m512)v);
  if constexpr (sizeof(T) == 8)
    return _mm512_mask_storeu_pd(to, static_cast<__mmask8>((1u << n) - 1), (__m512d)v);
#elif defined(__AVX2__)
  if constexpr (std::is_same_v<T, float>)
    return _mm256_maskstore_ps(to, first_elements<T>(n), (__m256)v);
  if constexpr (std::is_same_v<T, double>)
    return _mm256_maskstore_pd(to, first_elements<T>(n), (__m256d)v);
#endif
  T elements[kWidth<T>];
  store(elements, v);
  for (int64_t i = 0; i < n; ++i) to[i] = elements[i];
}
/// Loads the first n elements; the others are 0.
template <class T>
inline Vector<T> load_some(const T* from, int64_t n) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 4)
    return (Vector<T>)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << n) - 1), from);
  if constexpr (sizeof(T) == 8)
    return (Vector<T>)_mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << n) - 1), from);
#elif defined(__AVX2__)
  if constexpr (std::is_same_v<T, float>)
    return (Vector<T>)_mm256_maskload_ps(from, first_elements<T>(n));
  if constexpr (std::is_same_v<T, double>)
    return (Vector<T>)_mm256_maskload_pd(from, first_elements<T>(n));
#endif
  T elements[kWidth<T>] = {};
  for (int64_t i = 0; i < n; ++i) elements[i] = from[i];
  return load(elements);
}

/// Calls f<1>() … f<kMost>() for the count it is given.
template <int kMost, class F>
inline void with_count(int64_t count, F f) {
  [&]<int... I>(std::integer_sequence<int, I...>) {
    ((count == I + 1 ? f.template operator()<I + 1>() : void()), ...);
  }
  (std::make_integer_sequence<int, kMost>());
}

/// All elements of a vector of four or more floats, or two or more doubles, joined in pairs; `join`
/// takes vectors of any width.
template <class V, class Join>
inline auto across(V v, Join join) {
  constexpr int kCount = sizeof(V) / sizeof(v[0]);
  if constexpr (sizeof(V) > 16) {
    return [&]<int... I>(std::integer_sequence<int, I...>) {
      return across(join(__builtin_shufflevector(v, v, I...),
                         __builtin_shufflevector(v, v, (kCount / 2 + I)...)),
                    join);
    }
    (std::make_integer_sequence<int, kCount / 2>());
  } else {
    if constexpr (kCount == 4) v = join(v, __builtin_shufflevector(v, v, 2, 3, 0, 1));
    if constexpr (kCount == 4) v = join(v, __builtin_shufflevector(v, v, 1, 0, 3, 2));
    else v = join(v, __builtin_shufflevector(v, v, 1, 0));
    return v[0];
  }
}

/// The elements of a and b in turns; of their lower or upper halves.
template <class T, bool kUpper>
inline Vector<T> interleave(Vector<T> a, Vector<T> b) {
  constexpr int kFirst = kUpper ? kWidth<T> / 2 : 0;
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    return __builtin_shufflevector(a, b, (kFirst + I / 2 + (I % 2 ? kWidth<T> : 0))...);
  }
  (std::make_integer_sequence<int, kWidth<T>>());
}

/// Transposes a square of kWidth<T> vectors, in log2 kWidth<T> steps that each interleave the
/// first half of the vectors with the second.
template <class T>
inline void transpose(Vector<T> (&v)[kWidth<T>]) {
  constexpr int kHalf = kWidth<T> / 2;
#pragma GCC unroll 4
  for (int step = 1; step < kWidth<T>; step *= 2) {
    Vector<T> next[kWidth<T>];
#pragma GCC unroll 16
    for (int i = 0; i < kHalf; ++i) {
      next[2 * i] = interleave<T, false>(v[i], v[i + kHalf]);
      next[2 * i + 1] = interleave<T, true>(v[i], v[i + kHalf]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kWidth<T>; ++i) v[i] = next[i];
  }
}

}  // namespace
}  // namespace tapehead::kernels
