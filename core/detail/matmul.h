// matmul on tensors, without gradients.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// a [..., M, K] times b [..., K, N]: [..., M, N], batch axes broadcast. Both have at least two
/// axes and one type. Operands that are transposed or sliced are used where they are when a product
/// can read them. Throws ShapeError that names `op`.
Tensor matmul(const char* op, const Tensor& a, const Tensor& b);

/// x [..., C] times the transpose of weight [N, C], plus bias [N] when it is defined: [..., N].
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

}  // namespace tapehead::core
