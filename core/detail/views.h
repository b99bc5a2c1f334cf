// Views: tensors that share elements under other sizes and strides. Nothing here is recorded; axes
// are not negative.
#pragma once

#include <optional>

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// Throws IndexError, naming `op`, if `x` is a 0-d tensor.
void check_has_axes(const char* op, const Tensor& x);
/// The sizes of all but the last `axes` axes: of a batch of matrices by default.
Shape batch_of(const Tensor& x, int axes = 2);
/// The strides that give a view of another shape with the same number of elements, or nullopt if a
/// copy is needed.
std::optional<Shape> view_strides(const Shape& sizes, const Shape& strides, const Shape& shape);
/// Reshapes to `shape`, of the same number of elements: a view if the strides allow it, else a
/// copy.
Tensor reshape(const Tensor& x, const Shape& shape);
/// `length` positions along the axis, from `start` on, `step` apart.
Tensor narrow(const Tensor& x, int axis, int64_t start, int64_t length, int64_t step = 1);
/// One position along an axis, which is removed.
Tensor select(const Tensor& x, int axis, int64_t position);
/// Axis i of the result is axis axes[i] of x.
Tensor permute(const Tensor& x, const Shape& axes);
Tensor transpose(const Tensor& x, int axis0, int axis1);
Tensor unsqueeze(const Tensor& x, int axis);
/// Expands axes of size 1 to `shape` without copying; new axes are added in front.
Tensor expand(const Tensor& x, const Shape& shape);

/// Whether no two elements can share memory, judged by the strides alone: sorted, each is larger
/// than the extent of the smaller ones.
bool is_apart(const Shape& sizes, const Shape& strides);
/// Adds `x` to the elements of `to`, of the same shape, some of which may share memory.
void add_overlapping(const Tensor& to, const Tensor& x);

/// Reverses the given axes; a copy. (core/flip.cpp)
Tensor flip(const Tensor& x, const Shape& axes);

}  // namespace tapehead::core
