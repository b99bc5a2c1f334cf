// Helpers for the gradients of reductions.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Expands y, the result of reducing a tensor of `shape` over the axes in `mask` (with or without
/// keepdim), back to `shape`; a view.
Tensor expand_reduced(const Tensor& y, const Shape& shape, uint32_t mask);

/// sum(x) over the axes in `mask`.
Tensor sum_over(const Tensor& x, uint32_t mask, bool keepdim);

}  // namespace tapehead
