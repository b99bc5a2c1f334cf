// Kernel of rotary position embeddings, one row at a time.
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

/// Results are bit-for-bit the same under every instruction set.
struct RotaryKernels {
  /// Rotates the first `pairs` pairs (p, q) of a row to (p c - q s, p s + q c). Pairs are adjacent
  /// elements if interleaved, else elements `pairs` apart. c and s are f64 for f64 rows, else f32.
  void (*rotate)(const void* x, const void* c, const void* s, void* y, int64_t pairs,
                 bool interleaved);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_FLOATING(rotary, RotaryKernels, "rotate_pairs")

#ifdef TAPEHEAD_ISA
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
TAPEHEAD_NOT_CONTRACTED void rotate(const void* x_, const void* c_, const void* s_, void* y_,
                                    int64_t pairs, bool interleaved) {
  using C = Compute<T>;
  const T* x = static_cast<const T*>(x_);
  const C *c = static_cast<const C*>(c_), *s = static_cast<const C*>(s_);
  T* y = static_cast<T*>(y_);
  if (interleaved) {
#pragma GCC ivdep
    for (int64_t i = 0; i < pairs; ++i) {
      const C p = C(x[2 * i]), q = C(x[2 * i + 1]);
      y[2 * i] = T(p * c[i] - q * s[i]);
      y[2 * i + 1] = T(p * s[i] + q * c[i]);
    }
  } else {
#pragma GCC ivdep
    for (int64_t i = 0; i < pairs; ++i) {
      const C p = C(x[i]), q = C(x[pairs + i]);
      y[i] = T(p * c[i] - q * s[i]);
      y[pairs + i] = T(p * s[i] + q * c[i]);
    }
  }
}

}  // namespace

extern const RotaryKernels rotary_f32 = {rotate<float>};
extern const RotaryKernels rotary_f64 = {rotate<double>};
extern const RotaryKernels rotary_bf16 = {rotate<bfloat16>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif
