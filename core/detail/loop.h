// How elementwise kernels are driven over tensors.
#pragma once

#include "tapehead/core/kernels/loop.h"
#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The most operands that a loop has, the result included.
inline constexpr int kMaxOperands = 6;

/// What a loop needs to know of an operand.
struct LoopOperand {
  char* data;
  const Shape* sizes;
  const Shape* strides;
  int64_t item;  // bytes of an element
};

/// Runs `loop` over the elements of operands[0], the result, to whose shape the others broadcast.
void run_loop(kernels::Loop loop, std::span<const LoopOperand> operands, const double* numbers);

}  // namespace tapehead::core
