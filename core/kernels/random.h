// Kernels of random numbers.
#pragma once

#include <cstdint>

namespace tapehead::kernels {

/// Random words come in groups of this many, made of 16 Philox counters: word w of counter 16 g + j
/// is word 16 w + j of group g.
inline constexpr int kRandomGroup = 64;

/// What keys the numbers of one draw.
struct RandomStream {
  uint64_t seed;
  uint64_t draw;
};

struct RandomKernels {
  /// Writes the words of `groups` groups, from group number `group` on.
  void (*words)(const RandomStream& stream, uint64_t group, int64_t groups, uint32_t* out);
  /// Turns groups of words into as many standard normal numbers.
  void (*normals)(const uint32_t* words, int64_t groups, float* out);
  /// out = words < threshold ? 0 : x * scale, for n elements of f32, f64 or bf16.
  void (*drop[3])(const uint32_t* words, uint32_t threshold, double scale, const void* x, void* out,
                  int64_t n);
};

}  // namespace tapehead::kernels
