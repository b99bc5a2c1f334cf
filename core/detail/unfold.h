// The windows of planes as rows: im2col and col2im. Nothing here is recorded.
#pragma once

#include "tapehead/core/detail/pooling.h"

namespace tapehead::core {

/// Windows over height and width.
using PlaneWindows = std::array<PoolWindows, 2>;

// x has planes of size[0] x size[1] elements, columns a matrix [kernel[0] kernel[1],
// result[0] result[1]] for each; both are contiguous f32 or f64.

/// Writes the elements of all windows, with zeros for those outside of the plane.
void unfold(int64_t planes, const PlaneWindows& windows, const Tensor& x, const Tensor& columns);
/// Writes the sums of the elements of all windows to the planes.
void fold(int64_t planes, const PlaneWindows& windows, const Tensor& columns, const Tensor& x);

}  // namespace tapehead::core
