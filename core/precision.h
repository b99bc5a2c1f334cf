// The precision of matrix products of f32, as torch.set_float32_matmul_precision.
#pragma once

#include <cstdint>

namespace tapehead {

/// How products of f32 matrices are computed; their operands and results are f32 in any case.
enum class Precision : uint8_t {
  highest,  ///< in f32
  high,     ///< as sums of several bf16 products where the CPU has AMX, otherwise in f32
  medium,   ///< as one bf16 product where the CPU has instructions for it, otherwise in f32
};

/// Sets the precision of products of f32 matrices for all threads of the program: matmul(),
/// linear() and whatever else multiplies matrices, and their gradients. Set it between products:
/// those that other threads compute at the time may have either precision.
void set_matmul_precision(Precision precision);
/// The precision of products of f32 matrices; initially Precision::highest.
Precision matmul_precision();

}  // namespace tapehead
