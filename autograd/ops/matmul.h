// Matrix products, of all numeric types but u8; bf16 and f16 are accumulated in f32.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The matrix product, as torch.matmul: a [..., M, K] times b [..., K, N] gives [..., M, N]; batch
/// axes broadcast. A 1-d a is treated as a row and a 1-d b as a column, and that axis is removed
/// from the result.
Tensor matmul(const Tensor& a, const Tensor& b);
/// x weight^T + bias, for x [..., C], weight [N, C] and bias [N] (optional): [..., N].
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

}  // namespace tapehead
