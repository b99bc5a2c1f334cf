// The function type of elementwise kernels.
#pragma once

#include <cstdint>

namespace tapehead::kernels {

/// The inner loop of an elementwise op over n elements. data[0] is the result, followed by the
/// operands; strides are in bytes, in the same order. The result may alias an operand. `numbers`
/// are the parameters of the op.
using Loop = void (*)(char* const* data, const int64_t* strides, int64_t n, const double* numbers);

}  // namespace tapehead::kernels
