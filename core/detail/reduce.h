// Reductions over any axes and strides, without copying the operand. Nothing here is recorded.
#pragma once

#include "tapehead/core/kernels/reduce.h"
#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The shape after reducing the axes in `mask`: without them, or with size 1 if `keepdim`.
Shape reduced_shape(const Shape& shape, uint32_t mask, bool keepdim);

/// Reduces x over the axes in `mask` (see Axes). The partition of the work and the order of the
/// additions depend on shape and strides alone, so results are bit-for-bit reproducible for any
/// number of threads. Throws DTypeError, naming `op`, if the kernel does not support the dtype.
Tensor reduce(const char* op, kernels::Reduce kernel, const Tensor& x, uint32_t mask, bool keepdim,
              double arg = 0);

/// Sums x over the axes along which a tensor of `shape` was broadcast to the shape of x. Returns a
/// view if there is nothing to sum.
Tensor sum_to(const Tensor& x, const Shape& shape);

}  // namespace tapehead::core
