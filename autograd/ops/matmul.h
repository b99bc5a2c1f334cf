// Matrix products, of all numeric types but u8 (others throw DTypeError); bf16 and f16 are
// accumulated in f32. ShapeError is thrown for sizes that do not fit.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The matrix product, as torch.matmul: a [..., M, K] times b [..., K, N] gives [..., M, N]; batch
/// axes broadcast. A 1-d a is treated as a row and a 1-d b as a column, and that axis is removed
/// from the result.
/// Example: matmul(randn({2, 4, 10, 16}), randn({16, 5}))  // shape [2, 4, 10, 5]
Tensor matmul(const Tensor& a, const Tensor& b);
/// x weight^T + bias, for x [..., C], weight [N, C] and bias [N] (optional): [..., N].
/// Example: linear(randn({8, 20, 64}), randn({128, 64}), randn({128}))  // shape [8, 20, 128]
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

}  // namespace tapehead
