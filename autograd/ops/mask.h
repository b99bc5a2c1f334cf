// Indexing by masks, which are bool and broadcast (DTypeError, ShapeError otherwise); x has any
// dtype.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Replaces elements by `value` where the mask is true. Throws ValueError if the value is outside
/// the range of the dtype of x.
/// Example: masked_fill(tensor({1, 2, 3}), tensor({true, false, true}), 0)  // [0, 2, 0]
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Number& value);
/// The elements where the mask is true, in row-major order: [n].
/// Example: masked_select(tensor({1, 2, 3}), tensor({true, false, true}))  // [1, 3]
Tensor masked_select(const Tensor& x, const Tensor& mask);
/// The indices of the non-zero elements, in row-major order: i64 [n, x.dim()].
/// Example: nonzero(tensor({{0, 1}, {2, 0}}))  // [[0, 1], [1, 0]]
Tensor nonzero(const Tensor& x);
/// nonzero(), under NumPy's name.
/// Example: argwhere(tensor({0, 3, 4}))  // [[1], [2]]
Tensor argwhere(const Tensor& x);
/// The columns of nonzero(): one index [n] for each axis, as x.index() takes them.
/// Example: where(tensor({{0, 1}, {2, 0}}))  // [0, 1]; [1, 0]
std::vector<Tensor> where(const Tensor& condition);

}  // namespace tapehead
