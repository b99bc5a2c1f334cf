// Diagonals of matrices, of any dtype. diagonal() is in slice.h, tril() and triu() are in
// join.h. ShapeError is thrown for ranks that do not fit.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Matrices, in two new axes, with the last axis of x on a diagonal and zeros elsewhere. Positive
/// offsets are above the main diagonal. The new axes are at positions axis0 and axis1 of the
/// result. Throws ShapeError if they are the same.
/// Example: diag_embed(tensor({1, 2}))  // [[1, 0], [0, 2]]
Tensor diag_embed(const Tensor& x, int64_t offset = 0, int64_t axis0 = -2, int64_t axis1 = -1);
/// For a vector, the matrix with x on a diagonal; for a matrix, a copy of its diagonal. Throws
/// ShapeError for other ranks.
/// Example: diag(tensor({{1, 2}, {3, 4}}))  // [1, 4]
Tensor diag(const Tensor& x, int64_t diagonal = 0);
/// The matrix with the elements of x, in row-major order, on a diagonal.
/// Example: diagflat(tensor({1, 2}), 1)  // [[0, 1, 0], [0, 0, 2], [0, 0, 0]]
Tensor diagflat(const Tensor& x, int64_t offset = 0);
/// The sum of the diagonal of a matrix. Integers and bool are summed as i64.
/// Example: trace(tensor({{1, 2}, {3, 4}}))  // 5
Tensor trace(const Tensor& x);

}  // namespace tapehead
