// The argument of an optimizer's fused kernel.
#pragma once

#include <cstdint>

namespace tapehead::optim {

/// A contiguous range of a parameter, its gradient and its state. The parameter and the gradient
/// are f32, f64 or bf16; state is f64 for f64 parameters, otherwise f32. For bf16, the kernel
/// updates `master`, the f32 copy of the parameter, and rounds the result; elements that differ
/// from their rounded master were changed by the program, and the kernel uses the parameter's value
/// for them. For an f16 parameter, `param` is its f32 master copy and the gradient is converted.
struct Piece {
  static constexpr int kStates = 6;  ///< maximum number of state tensors

  char* param = nullptr;
  const char* grad = nullptr;  ///< not yet multiplied by Step::grad_scale()
  char* master = nullptr;      ///< for bf16 only
  char* state[kStates] = {};   ///< in the order of the optimizer's StateSpecs; null: unused
  int64_t n = 0;               ///< the number of elements
};

}  // namespace tapehead::optim
