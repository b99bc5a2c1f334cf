// Runs elementwise kernels over strided tensors.
#pragma once

#include "tapehead/core/kernels/loop.h"
#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The maximum number of operands of a loop, including the result.
inline constexpr int kMaxOperands = 6;

/// An operand as seen by a loop.
struct LoopOperand {
  char* data;
  const Shape* sizes;
  const Shape* strides;
  int64_t item;  // element size in bytes
  /// For an operand of another type than the loop's: converts a block of it for the loop or, for
  /// the result, back.
  kernels::Loop convert = nullptr;
  int64_t converted_item = 0;  // the element size after (for the result, before) the conversion
};

/// Runs `loop` over the elements of operands[0], the result; the others broadcast to its shape.
void run_loop(kernels::Loop loop, std::span<const LoopOperand> operands, const double* numbers);
/// Copies `from`, which broadcasts to `to`, both of the same dtype.
void run_copy(const LoopOperand& to, const LoopOperand& from, DType dtype);

}  // namespace tapehead::core
