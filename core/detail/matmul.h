// Matrix products of tensors, without gradient tracking.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// a [..., M, K] times b [..., K, N] gives [..., M, N]; batch axes broadcast. Both have at least
/// two axes and the same dtype. Transposed and sliced operands are not copied if gemm() supports
/// their strides. Throws ShapeError that names `op`.
Tensor matmul(const char* op, const Tensor& a, const Tensor& b);
/// The product in another type: a, b and the result are each f32 or bf16, as of ProductTypes.
Tensor matmul(const char* op, const Tensor& a, const Tensor& b, DType out_type);
/// Adds the product of a and b to `out`, which is row-major and has the shape of the product. The
/// three have the same dtype, or each is f32 or bf16.
void add_matmul(const char* op, const Tensor& out, const Tensor& a, const Tensor& b);

/// x [..., C] times the transpose of weight [N, C], plus bias [N] when it is defined: [..., N], of
/// the dtype of x. The weight may be f32 and x bf16.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias);

}  // namespace tapehead::core
