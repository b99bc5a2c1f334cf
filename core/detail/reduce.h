// Reductions over any set of axes, any strides, without a copy. Nothing here is recorded.
#pragma once

#include "tapehead/core/kernels/reduce.h"
#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The shape of x without the axes of the mask, or with their sizes set to 1.
Shape reduced_shape(const Shape& shape, uint32_t mask, bool keepdim);

/// Reduces x over the axes of the mask (see Axes). How the work is cut and the order of the
/// additions depend on shape and strides alone, so the bits do not depend on the number of threads.
/// Throws DTypeError that names `op` when the kernel does not take the type.
Tensor reduce(const char* op, kernels::Reduce kernel, const Tensor& x, uint32_t mask, bool keepdim,
              double arg = 0);

/// Sums what was broadcast to make `shape` into the shape of x. A view when there is nothing to
/// sum.
Tensor sum_to(const Tensor& x, const Shape& shape);

}  // namespace tapehead::core
