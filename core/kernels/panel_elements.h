// For kernel files: the sizes of panels, and vectors of f32 and bf16 elements as floats.
#pragma once

#include <algorithm>

#include "tapehead/core/kernels/panels.h"
#include "tapehead/core/kernels/vectors.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// Otherwise OpenBLAS is faster: suits() is false, and products are left out.
inline constexpr bool kHasPanels = kVectorBytes > 16;
inline constexpr int kGroupRows = kVectorBytes == 64 ? 14 : 6;
inline constexpr int kPanelVectors = 2;  // of a row of a panel
inline constexpr int kLanes = kWidth<float>;
inline constexpr int kPanelColumns = kPanelVectors * kLanes;
// Of packed B in the L2 cache, of which CPUs without AVX-512 have less.
inline constexpr int64_t kBlockBytes = (kVectorBytes == 64 ? 640 : 320) << 10;
// Packed elements of a part of k, at most. In small tiles each element is used less often, so that
// a group of rows and a panel must fit into the L1 cache together.
inline constexpr int64_t kDepth = kVectorBytes == 64 ? 384 : 256;
inline constexpr int64_t kRowStep = kPanelRowStep;
static_assert(kDepth < kRowStep);
inline constexpr int64_t kMostRounded = 256;  // columns whose sums are kept in f32
inline constexpr int64_t kColumnGroups = 8;   // packed at a time if columns are contiguous

inline int64_t ceil_div(int64_t n, int64_t d) { return (n + d - 1) / d; }
inline int64_t round_up(int64_t n, int64_t multiple) { return ceil_div(n, multiple) * multiple; }

inline Vector<float> load_floats(const float* from, int64_t n) {
  return n >= kLanes ? load(from) : load_some(from, n);
}
typedef uint32_t Words [[gnu::vector_size(kVectorBytes)]];
typedef uint16_t Halves [[gnu::vector_size(kVectorBytes / 2)]];

inline Vector<float> load_floats(const bfloat16* from, int64_t n) {
  Halves bits = {};
  if (n >= kLanes) __builtin_memcpy(&bits, from, sizeof bits);
  else __builtin_memcpy(&bits, from, static_cast<size_t>(n) * sizeof *from);
  return (Vector<float>)(__builtin_convertvector(bits, Words) << 16);
}

inline void store_floats(float* to, Vector<float> x, int64_t n) {
  if (n >= kLanes) store(to, x);
  else store_some(to, x, n);
}
inline void store_floats(bfloat16* to, Vector<float> x, int64_t n) {
#if defined(__AVX512BF16__)
  const Halves halves = (Halves)_mm512_cvtneps_pbh((__m512)x);
#else
  const Words word = (Words)x, is_nan = (Words)(x != x);
  const Words rounded = (word + 0x7fff + ((word >> 16) & 1)) >> 16;
  const Words bits = (is_nan & ((word >> 16) | 0x40)) | (~is_nan & rounded);
  const Halves halves = __builtin_convertvector(bits, Halves);
#endif
  void* const out = to;
  if (n >= kLanes) __builtin_memcpy(out, &halves, sizeof halves);
  else __builtin_memcpy(out, &halves, static_cast<size_t>(n) * sizeof *to);
}

}  // namespace
}  // namespace tapehead::kernels::TAPEHEAD_ISA
