// Indexing by masks, which are bool and broadcast.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Replaces elements by `value` where the mask is true. Throws ValueError if the value is outside
/// the range of the dtype of x.
Tensor masked_fill(const Tensor& x, const Tensor& mask, const Number& value);
/// The elements where the mask is true, in row-major order: [n].
Tensor masked_select(const Tensor& x, const Tensor& mask);
/// The indices of the non-zero elements, in row-major order: i64 [n, x.dim()].
Tensor nonzero(const Tensor& x);
/// nonzero(), under NumPy's name.
Tensor argwhere(const Tensor& x);
/// The columns of nonzero(): one index [n] for each axis, as x.index() takes them.
std::vector<Tensor> where(const Tensor& condition);

}  // namespace tapehead
