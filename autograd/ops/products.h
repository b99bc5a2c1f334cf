// Products of vectors and matrices with fixed numbers of axes, and those that are built from
// matmul(). Types are those of matmul(). Throws ShapeError for operands of other ranks or sizes.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The matrix product: a [N, M] times b [M, P] gives [N, P].
/// Example: mm(tensor({{1, 2}, {3, 4}}), tensor({{1}, {10}}))  // [[21], [43]]
Tensor mm(const Tensor& a, const Tensor& b);
/// The batched matrix product: a [B, N, M] times b [B, M, P] gives [B, N, P]. Unlike matmul(), the
/// batch does not broadcast.
/// Example: bmm(randn({8, 3, 4}), randn({8, 4, 5}))  // shape [8, 3, 5]
Tensor bmm(const Tensor& a, const Tensor& b);
/// The matrix-vector product: a [N, M] times x [M] gives [N].
/// Example: mv(tensor({{1, 2}, {3, 4}}), tensor({1, 10}))  // [21, 43]
Tensor mv(const Tensor& a, const Tensor& x);
/// The sum of the products of two vectors of equal size; 0-d.
/// Example: dot(tensor({1, 2, 3}), tensor({1, 10, 100}))  // 321
Tensor dot(const Tensor& a, const Tensor& b);
/// Same as dot(): PyTorch's vdot conjugates complex vectors.
/// Example: vdot(tensor({1, 2}), tensor({1, 10}))  // 21
Tensor vdot(const Tensor& a, const Tensor& b);
/// The products over the last axes: a [..., K] and b [..., K] give [a's axes, b's axes] without
/// the last; a * b if one of them is 0-d.
/// Example: inner(tensor({{1, 2}, {3, 4}}), tensor({1, 10}))  // [21, 43]
Tensor inner(const Tensor& a, const Tensor& b);
/// The products of all pairs of elements: a [N] and b [M] give [N, M].
/// Example: outer(tensor({1, 2}), tensor({1, 10}))  // [[1, 10], [2, 20]]
Tensor outer(const Tensor& a, const Tensor& b);
/// Same as outer().
/// Example: ger(tensor({1, 2}), tensor({1, 10}))  // [[1, 10], [2, 20]]
Tensor ger(const Tensor& a, const Tensor& b);

/// Sums the products over the last `axes` axes of a and the first `axes` axes of b, in order.
/// Example: tensordot(randn({2, 3, 4}), randn({3, 4, 5}))  // shape [2, 5]
Tensor tensordot(const Tensor& a, const Tensor& b, int64_t axes = 2);
/// Sums the products over axes a_axes[i] of a and b_axes[i] of b, whose sizes are equal or 1. The
/// result has the other axes of a, then those of b.
/// Example: tensordot(randn({2, 3, 4}), randn({5, 3}), {1}, {1})  // shape [2, 4, 5]
Tensor tensordot(const Tensor& a, const Tensor& b, const Shape& a_axes, const Shape& b_axes);

/// beta input + alpha a b, for a [N, M] and b [M, P]; the input broadcasts to [N, P]. If beta is 0,
/// NaN and infinity in the input have no effect. Throws DTypeError for a floating alpha or beta if
/// the operands are integers.
/// Example: addmm(tensor({100, 200}), tensor({{1, 2}}), tensor({{1, 0}, {0, 1}}))  // [[101, 202]]
Tensor addmm(const Tensor& input, const Tensor& a, const Tensor& b, const Number& beta = 1,
             const Number& alpha = 1);
/// beta input + alpha a x, for a [N, M] and x [M]; the input broadcasts to [N].
/// Example: addmv(tensor({100, 200}), tensor({{1, 2}, {3, 4}}), tensor({1, 10}), 1, 2)
///     // [142, 286]
Tensor addmv(const Tensor& input, const Tensor& a, const Tensor& x, const Number& beta = 1,
             const Number& alpha = 1);
/// beta input + alpha a b', for a [N] and b [M]; the input broadcasts to [N, M].
/// Example: addr(zeros({2, 2}, i64), tensor({1, 2}), tensor({1, 10}))  // [[1, 10], [2, 20]]
Tensor addr(const Tensor& input, const Tensor& a, const Tensor& b, const Number& beta = 1,
            const Number& alpha = 1);
/// beta input + alpha bmm(a, b); the input broadcasts to [B, N, P].
/// Example: baddbmm(randn({8, 1, 5}), randn({8, 3, 4}), randn({8, 4, 5}), 0.5)  // shape [8, 3, 5]
Tensor baddbmm(const Tensor& input, const Tensor& a, const Tensor& b, const Number& beta = 1,
               const Number& alpha = 1);
/// beta input + alpha times the sum of bmm(a, b) over the batch; the input broadcasts to [N, P].
/// Example: addbmm(randn({3, 5}), randn({8, 3, 4}), randn({8, 4, 5}))  // shape [3, 5]
Tensor addbmm(const Tensor& input, const Tensor& a, const Tensor& b, const Number& beta = 1,
              const Number& alpha = 1);

/// The product of matrices [N, M], [M, P], … in the order with the fewest multiplications. The
/// first may be a row [M], the last a column [M]; those axes are removed from the result. Throws
/// ValueError for fewer than two.
/// Example: linalg_multi_dot({randn({10, 100}), randn({100, 5}), randn({5, 50})})
///     // shape [10, 50]
Tensor linalg_multi_dot(const std::vector<Tensor>& matrices);
/// Same as linalg_multi_dot(), of one matrix or more, without vectors.
/// Example: chain_matmul({randn({10, 100}), randn({100, 5}), randn({5, 50})})  // shape [10, 50]
Tensor chain_matmul(const std::vector<Tensor>& matrices);

/// The Kronecker product: a block a[i] * b for each element of a. Missing axes are added in front.
/// Example: kron(tensor({1, 10}), tensor({1, 2}))  // [1, 2, 10, 20]
Tensor kron(const Tensor& a, const Tensor& b);
/// The cross product of vectors of size 3 along an axis; other axes broadcast. Like
/// torch.linalg.cross: the default axis is the last.
/// Example: cross(tensor({1, 0, 0}), tensor({0, 1, 0}))  // [0, 0, 1]
Tensor cross(const Tensor& a, const Tensor& b, int64_t axis = -1);
/// x1' weight[k] x2 + bias[k], for x1 [..., I], x2 [..., J], weight [K, I, J] and bias [K]
/// (optional): [..., K]. The axes before the last must be the same.
/// Example: bilinear(randn({8, 4}), randn({8, 5}), randn({3, 4, 5}), randn({3}))  // shape [8, 3]
Tensor bilinear(const Tensor& x1, const Tensor& x2, const Tensor& weight, const Tensor& bias = {});

}  // namespace tapehead
