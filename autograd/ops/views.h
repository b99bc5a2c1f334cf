// Copies and views. A view shares the elements of x, so writing into one changes the other.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Converts to a dtype. Returns x itself if it already has it.
Tensor to(const Tensor& x, DType dtype);
Tensor clone(const Tensor& x);
/// Returns x itself if it is contiguous (row-major without gaps), else a contiguous copy.
Tensor contiguous(const Tensor& x);
/// Returns a view if the strides allow it, else a copy. One size may be -1 and is inferred. Throws
/// ShapeError if the number of elements differs.
Tensor reshape(const Tensor& x, const Shape& shape);
/// Like reshape(), but always a view. Throws ShapeError if the strides do not allow one.
Tensor view(const Tensor& x, const Shape& shape);
/// Swaps two axes; a view.
Tensor transpose(const Tensor& x, int64_t axis0, int64_t axis1);
/// Reorders the axes: axis i of the result is axis axes[i] of x. A view.
Tensor permute(const Tensor& x, const Shape& axes);
/// Moves an axis to another position; the other axes keep their order. A view.
Tensor movedim(const Tensor& x, int64_t from, int64_t to);
/// Expands axes of size 1 without copying; -1 keeps a size. New axes are added in front. A view.
Tensor expand(const Tensor& x, const Shape& shape);
/// Same as expand().
Tensor broadcast_to(const Tensor& x, const Shape& shape);
/// Removes all axes of size 1, or the given axis if its size is 1. A view.
Tensor squeeze(const Tensor& x);
Tensor squeeze(const Tensor& x, int64_t axis);
/// Inserts an axis of size 1 at position `axis`. A view.
Tensor unsqueeze(const Tensor& x, int64_t axis);
/// Merges the axes first..last into one. A view if the strides allow it, else a copy.
Tensor flatten(const Tensor& x, int64_t first = 0, int64_t last = -1);

}  // namespace tapehead
