// Views: the same elements seen through other sizes and strides. Nothing here is recorded, and axes
// are already counted from the front.
#pragma once

#include <optional>

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// Strides under which elements of `sizes` and `strides` have another shape of as many elements;
/// nothing when no strides do.
std::optional<Shape> view_strides(const Shape& sizes, const Shape& strides, const Shape& shape);
/// The elements in another shape of as many: a view where strides allow it, else a copy.
Tensor reshape(const Tensor& x, const Shape& shape);
/// Every `step`-th of the positions from `start` on, `length` of them.
Tensor narrow(const Tensor& x, int axis, int64_t start, int64_t length, int64_t step = 1);
/// One position of an axis, which disappears.
Tensor select(const Tensor& x, int axis, int64_t position);
/// Axis i of the result is axis axes[i].
Tensor permute(const Tensor& x, const Shape& axes);
Tensor transpose(const Tensor& x, int axis0, int axis1);
Tensor unsqueeze(const Tensor& x, int axis);
/// Repeats axes of size 1, and adds axes in front.
Tensor expand(const Tensor& x, const Shape& shape);

}  // namespace tapehead::core
