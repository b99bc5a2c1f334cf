// What a fused kernel of an optimizer works on.
#pragma once

#include <cstdint>

namespace tapehead::optim {

/// Consecutive elements of one parameter, of its gradient and of its state, without gaps. The
/// parameter and the gradient are f32, f64 or bf16; state is f64 for f64 parameters, else f32. A
/// bf16 parameter is computed on `master`, its f32 copy, and gets the result rounded; where it is
/// no longer its master rounded, the program has changed it, and its own value counts.
struct Piece {
  static constexpr int kStates = 6;  ///< state tensors that a fused kernel can have

  char* param = nullptr;
  const char* grad = nullptr;  ///< not yet multiplied by Step::grad_scale()
  char* master = nullptr;      ///< of bf16 only
  char* state[kStates] = {};   ///< in the order of the optimizer's StateSpecs; null: not in use
  int64_t n = 0;
};

}  // namespace tapehead::optim
