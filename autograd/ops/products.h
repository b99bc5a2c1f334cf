// Products of vectors and matrices with fixed numbers of axes, and those that are built from
// matmul(). Types are those of matmul(). Throws ShapeError for operands of other ranks or sizes.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The matrix product: a [N, M] times b [M, P] gives [N, P].
Tensor mm(const Tensor& a, const Tensor& b);
/// The batched matrix product: a [B, N, M] times b [B, M, P] gives [B, N, P]. Unlike matmul(), the
/// batch does not broadcast.
Tensor bmm(const Tensor& a, const Tensor& b);
/// The matrix-vector product: a [N, M] times x [M] gives [N].
Tensor mv(const Tensor& a, const Tensor& x);
/// The sum of the products of two vectors of equal size; 0-d.
Tensor dot(const Tensor& a, const Tensor& b);
/// Same as dot(): PyTorch's vdot conjugates complex vectors.
Tensor vdot(const Tensor& a, const Tensor& b);
/// The products over the last axes: a [..., K] and b [..., K] give [a's axes, b's axes] without
/// the last; a * b if one of them is 0-d.
Tensor inner(const Tensor& a, const Tensor& b);
/// The products of all pairs of elements: a [N] and b [M] give [N, M].
Tensor outer(const Tensor& a, const Tensor& b);
/// Same as outer().
Tensor ger(const Tensor& a, const Tensor& b);

/// Sums the products over the last `axes` axes of a and the first `axes` axes of b, in order.
Tensor tensordot(const Tensor& a, const Tensor& b, int64_t axes = 2);
/// Sums the products over axes a_axes[i] of a and b_axes[i] of b, whose sizes are equal or 1. The
/// result has the other axes of a, then those of b.
Tensor tensordot(const Tensor& a, const Tensor& b, const Shape& a_axes, const Shape& b_axes);

/// beta input + alpha a b, for a [N, M] and b [M, P]; the input broadcasts to [N, P]. If beta is 0,
/// NaN and infinity in the input have no effect. Throws DTypeError for a floating alpha or beta if
/// the operands are integers.
Tensor addmm(const Tensor& input, const Tensor& a, const Tensor& b, const Number& beta = 1,
             const Number& alpha = 1);
/// beta input + alpha a x, for a [N, M] and x [M]; the input broadcasts to [N].
Tensor addmv(const Tensor& input, const Tensor& a, const Tensor& x, const Number& beta = 1,
             const Number& alpha = 1);
/// beta input + alpha a b', for a [N] and b [M]; the input broadcasts to [N, M].
Tensor addr(const Tensor& input, const Tensor& a, const Tensor& b, const Number& beta = 1,
            const Number& alpha = 1);
/// beta input + alpha bmm(a, b); the input broadcasts to [B, N, P].
Tensor baddbmm(const Tensor& input, const Tensor& a, const Tensor& b, const Number& beta = 1,
               const Number& alpha = 1);
/// beta input + alpha times the sum of bmm(a, b) over the batch; the input broadcasts to [N, P].
Tensor addbmm(const Tensor& input, const Tensor& a, const Tensor& b, const Number& beta = 1,
              const Number& alpha = 1);

/// The product of matrices [N, M], [M, P], … in the order with the fewest multiplications. The
/// first may be a row [M], the last a column [M]; those axes are removed from the result. Throws
/// ValueError for fewer than two.
Tensor linalg_multi_dot(const std::vector<Tensor>& matrices);
/// Same as linalg_multi_dot(), of one matrix or more, without vectors.
Tensor chain_matmul(const std::vector<Tensor>& matrices);

/// The Kronecker product: a block a[i] * b for each element of a. Missing axes are added in front.
Tensor kron(const Tensor& a, const Tensor& b);
/// The cross product of vectors of size 3 along an axis; other axes broadcast. Like
/// torch.linalg.cross: the default axis is the last.
Tensor cross(const Tensor& a, const Tensor& b, int64_t axis = -1);
/// x1' weight[k] x2 + bias[k], for x1 [..., I], x2 [..., J], weight [K, I, J] and bias [K]
/// (optional): [..., K]. The axes before the last must be the same.
Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& weight, const Tensor& bias = {});

}  // namespace tapehead
