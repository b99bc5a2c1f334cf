// What the gradients of reductions share.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Repeats the result of a reduction of a tensor of `shape` over the axes of `mask`, made with or
/// without keepdim, over what was reduced: a view of that shape.
Tensor expand_reduced(const Tensor& y, const Shape& shape, uint32_t mask);

/// sum(x) over the axes of `mask`.
Tensor sum_over(const Tensor& x, uint32_t mask, bool keepdim);

}  // namespace tapehead
