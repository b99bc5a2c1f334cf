// For kernel files: conversions between f16 and f32, with the instructions for them where the
// instruction set has any.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/math.h"

#if defined(__F16C__) || defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace tapehead::kernels {
namespace {

#if defined(__F16C__) || defined(__AVX512F__)
constexpr int kToNearest = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
#endif

// With AVX-512, zero-masked forms: GCC 12 warns that the plain ones read an undefined register.
inline void widen_halves(const float16* x, float* out, int64_t n) {
  int64_t i = 0;
#ifdef __AVX512F__
  for (; i + 16 <= n; i += 16)
    _mm512_storeu_ps(
        out + i,
        _mm512_maskz_cvtph_ps(0xffff, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + i))));
#elif defined(__F16C__)
  for (; i + 8 <= n; i += 8)
    _mm256_storeu_ps(out + i,
                     _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x + i))));
#endif
#pragma GCC ivdep
  for (; i < n; ++i) out[i] = x[i];
}

// The bits of float16(x), computed without branches, so that loops over it are vectorised.
inline uint16_t half_bits(float x) {
  constexpr uint32_t kRebias = (127 - 15) << 23, kLeastNormal = (127 - 14) << 23;
  const uint32_t word = static_cast<uint32_t>(bits_of(x)), size = word & 0x7fffffff;
  uint32_t out = (size - kRebias + 0xfff + ((size >> 13) & 1)) >> 13;
  // In x + 0.5, the last bit stands for the smallest subnormal.
  if (size < kLeastNormal)
    out =
        static_cast<uint32_t>(bits_of(float_of(static_cast<int32_t>(size)) + 0.5f) - bits_of(0.5f));
  if (size >= (127u + 16) << 23) out = size > 0x7f800000 ? 0x7e00 : 0x7c00;
  return static_cast<uint16_t>(word >> 31 << 15 | out);
}

inline void narrow_to_halves(const float* x, float16* out, int64_t n) {
  int64_t i = 0;
#ifdef __AVX512F__
  for (; i + 16 <= n; i += 16)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i),
                        _mm512_maskz_cvtps_ph(0xffff, _mm512_loadu_ps(x + i), kToNearest));
#elif defined(__F16C__)
  for (; i + 8 <= n; i += 8)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i),
                     _mm256_cvtps_ph(_mm256_loadu_ps(x + i), kToNearest));
#endif
#pragma GCC ivdep
  for (; i < n; ++i) out[i].bits = half_bits(x[i]);
}

}  // namespace
}  // namespace tapehead::kernels
