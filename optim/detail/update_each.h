// The loop of optimizer kernels.
#pragma once

#include <type_traits>

#include "tapehead/core/kernels/loops.h"
#include "tapehead/optim/piece.h"

namespace tapehead::kernels::TAPEHEAD_ISA {

using optim::Piece;

inline float root(float x) { return __builtin_sqrtf(x); }
inline double root(double x) { return __builtin_sqrt(x); }

/// Replaces each element w of a piece by update(w, gradient, i), computed in double for f64,
/// otherwise in float.
template <class T, class F>
inline void update_each(const Piece& piece, F update) {
  T* param = reinterpret_cast<T*>(piece.param);
  const T* grad = reinterpret_cast<const T*>(piece.grad);
  if constexpr (std::is_same_v<T, bfloat16>) {
    float* master = reinterpret_cast<float*>(piece.master);
#pragma GCC ivdep
    for (int64_t i = 0; i < piece.n; ++i) {
      const bool ours = bfloat16(master[i]).bits == param[i].bits;
      const float w = update(ours ? master[i] : float(param[i]), float(grad[i]), i);
      master[i] = w;
      param[i] = bfloat16(w);
    }
  } else {
#pragma GCC ivdep
    for (int64_t i = 0; i < piece.n; ++i) param[i] = update(param[i], grad[i], i);
  }
}

}  // namespace tapehead::kernels::TAPEHEAD_ISA
