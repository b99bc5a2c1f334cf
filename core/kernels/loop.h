// The function type of elementwise kernels, and the types that kernels exist for.
#pragma once

#include <cstdint>

#include "tapehead/core/dtype.h"

namespace tapehead::kernels {

/// The inner loop of an elementwise op over n elements. data[0] is the result, followed by the
/// operands; strides are in bytes, in the same order. The result may alias an operand. `numbers`
/// are the parameters of the op.
using Loop = void (*)(char* const* data, const int64_t* strides, int64_t n, const double* numbers);

/// The type whose kernels compute an op on `dtype`: f32 for f16, and i32 for i16 and i8, which have
/// no kernels of their own except for conversions, copies and matrix products; other types
/// themselves. Integers wrap around when a result is converted back, as if it had been computed
/// modulo 2^8 or 2^16.
constexpr DType kernel_type(DType dtype) {
  return dtype == f16 ? f32 : dtype == i16 || dtype == i8 ? i32 : dtype;
}

}  // namespace tapehead::kernels
