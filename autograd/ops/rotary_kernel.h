// Rotary positions, one row at a time.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// The bits do not depend on the instruction set.
struct RotaryKernels {
  /// Turns the first `pairs` pairs (p, q) of a row of one floating type: p c - q s and p s + q c.
  /// Pairs are neighbours if interleaved, else `pairs` apart. c and s are f32, of f64 rows f64.
  void (*rotate)(const void* x, const void* c, const void* s, void* y, int64_t pairs,
                 bool interleaved);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_FLOATING(rotary, RotaryKernels, "rotate_pairs")
