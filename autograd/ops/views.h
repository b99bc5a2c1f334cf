// Copies and views, of any dtype. A view shares the elements of x, so writing into one changes
// the other. IndexError is thrown for axes out of range, ShapeError for sizes that do not fit.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Converts to a dtype. Returns x itself if it already has it.
/// Example: to(tensor({1.5, -1.5}), i64)  // [1, -1]
Tensor to(const Tensor& x, DType dtype);
/// A copy of the elements.
/// Example: clone(tensor({1, 2}))  // [1, 2]
Tensor clone(const Tensor& x);
/// Returns x itself if it is contiguous (row-major without gaps), else a contiguous copy.
/// Example: contiguous(transpose(randn({2, 3}), 0, 1)).is_contiguous()  // true
Tensor contiguous(const Tensor& x);
/// Returns a view if the strides allow it, else a copy. One size may be -1 and is inferred. Throws
/// ShapeError if the number of elements differs.
/// Example: reshape(arange(6), {2, -1})  // [[0, 1, 2], [3, 4, 5]]
Tensor reshape(const Tensor& x, const Shape& shape);
/// Like reshape(), but always a view. Throws ShapeError if the strides do not allow one.
/// Example: view(arange(6), {2, -1})  // [[0, 1, 2], [3, 4, 5]]
Tensor view(const Tensor& x, const Shape& shape);
/// Swaps two axes; a view.
/// Example: transpose(tensor({{1, 2}, {3, 4}}), 0, 1)  // [[1, 3], [2, 4]]
Tensor transpose(const Tensor& x, int64_t axis0, int64_t axis1);
/// Reorders the axes: axis i of the result is axis axes[i] of x. A view.
/// Example: permute(randn({8, 32, 32, 3}), {0, 3, 1, 2})  // shape [8, 3, 32, 32]
Tensor permute(const Tensor& x, const Shape& axes);
/// Moves an axis to another position; the other axes keep their order. A view.
/// Example: movedim(randn({8, 32, 32, 3}), -1, 1)  // shape [8, 3, 32, 32]
Tensor movedim(const Tensor& x, int64_t from, int64_t to);
/// Expands axes of size 1 without copying; -1 keeps a size. New axes are added in front. A view.
/// Example: expand(tensor({{1}, {2}}), {2, 3})  // [[1, 1, 1], [2, 2, 2]]
Tensor expand(const Tensor& x, const Shape& shape);
/// Same as expand().
/// Example: broadcast_to(tensor({1, 2}), {3, 2})  // [[1, 2], [1, 2], [1, 2]]
Tensor broadcast_to(const Tensor& x, const Shape& shape);
/// Removes all axes of size 1, or the given axis if its size is 1. A view.
/// Example: squeeze(randn({1, 3, 1}))  // shape [3]
Tensor squeeze(const Tensor& x);
Tensor squeeze(const Tensor& x, int64_t axis);
/// Inserts an axis of size 1 at position `axis`. A view.
/// Example: unsqueeze(tensor({1, 2}), 1)  // [[1], [2]]
Tensor unsqueeze(const Tensor& x, int64_t axis);
/// Merges the axes first..last into one. A view if the strides allow it, else a copy.
/// Example: flatten(randn({8, 16, 5, 5}), 1)  // shape [8, 400]
Tensor flatten(const Tensor& x, int64_t first = 0, int64_t last = -1);

}  // namespace tapehead
