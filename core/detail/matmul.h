// Matrix products of tensors, without gradient tracking.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// a [..., M, K] times b [..., K, N] gives [..., M, N]; batch axes broadcast. Both have at least
/// two axes and the same dtype. Transposed and sliced operands are not copied if gemm() supports
/// their strides. Throws ShapeError that names `op`.
Tensor matmul(const char* op, const Tensor& a, const Tensor& b);
/// Adds the product of a and b to `out`, which is row-major and has the shape of the product.
void add_matmul(const char* op, const Tensor& out, const Tensor& a, const Tensor& b);

/// x [..., C] times the transpose of weight [N, C], plus bias [N] when it is defined: [..., N].
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

}  // namespace tapehead::core
