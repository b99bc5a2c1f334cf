// Kernels for random numbers.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// The number of random words in a group, which is made from 16 Philox counters: word w of counter
/// 16 g + j is word 16 w + j of group g.
inline constexpr int kRandomGroup = 64;

/// 64 random bits for element i: word i of each half of its group.
static inline uint64_t wide_word(const uint32_t* words, int64_t i) {
  constexpr int kHalf = kRandomGroup / 2;
  const uint32_t* group = words + i / kHalf * kRandomGroup;
  return uint64_t{group[i % kHalf]} << 32 | group[kHalf + i % kHalf];
}

/// A uniform number in [0, 1), a multiple of half the epsilon of T: f32, f64, bf16 or f16.
template <class T>
static inline double unit(const uint32_t* words, int64_t i) {
  if constexpr (sizeof(T) == 8) return static_cast<double>(wide_word(words, i) >> 11) * 0x1p-53;
  else if constexpr (sizeof(T) == 4) return (words[i] >> 8) * 0x1p-24;
  else return (words[i] >> (32 - T::kDigits)) * (1.0 / (1 << T::kDigits));
}

/// The key of the numbers of one draw.
struct RandomStream {
  uint64_t seed;
  uint64_t draw;
};

struct RandomKernels {
  /// Writes the words of `groups` groups, starting with number `group`.
  void (*words)(const RandomStream& stream, uint64_t group, int64_t groups, uint32_t* out);
  /// Converts groups of words to as many standard normal numbers.
  void (*normals)(const uint32_t* words, int64_t groups, float* out);
  /// Likewise to numbers of the exponential distribution of rate 1, and of Laplace's and Gumbel's.
  void (*exponentials)(const uint32_t* words, int64_t groups, float* out);
  void (*laplaces)(const uint32_t* words, int64_t groups, float* out);
  void (*gumbels)(const uint32_t* words, int64_t groups, float* out);
  /// out = words < threshold ? 0 : x * scale, for n elements. Indexed by DType, as are the
  /// following; null for types that are not floating.
  void (*drop[kDTypes])(const uint32_t* words, uint32_t threshold, double scale, const void* x,
                        void* out, int64_t n);
  /// out = words < p 2^32 ? 1 : 0, for n elements; null for types but f32 and f64.
  void (*bernoulli[kDTypes])(const uint32_t* words, const void* p, void* out, int64_t n);
  /// out = from + (to - from) u, at most `last`, for n elements, where u = unit(words).
  void (*uniform[kDTypes])(const uint32_t* words, void* out, int64_t n, double from, double to,
                           double last);
  /// out = x * scale + shift, where x are standard normal numbers: f64 for f64 results, else f32.
  void (*normal[kDTypes])(const void* x, void* out, int64_t n, double scale, double shift);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(random, RandomKernels, "dropout gumbel_softmax")
