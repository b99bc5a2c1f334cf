// Views with other strides, and copies of x with a view replaced, of any dtype. ShapeError is
// thrown for shapes that do not fit, IndexError for axes and positions out of range.
#pragma once

#include <optional>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// A view with the given sizes and strides, in elements, that starts `offset` elements into the
/// storage; by default where x starts. Its elements may share memory; their gradients are summed.
/// Throws ShapeError if strides are negative or the view leaves the memory between the first and
/// last element of x, and for an x whose elements share memory.
/// Example: as_strided(arange(5), {3, 3}, {1, 1})  // [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
Tensor as_strided(const Tensor& x, const Shape& sizes, const Shape& strides,
                  std::optional<int64_t> offset = {});
/// Windows of `size` positions along an axis, `step` apart: the axis counts the windows, a new last
/// axis the positions within each. A view, as torch.Tensor.unfold. Throws ShapeError if size is
/// outside 0..size of the axis, ValueError unless step >= 1.
/// Example: unfold(arange(5), 0, 3, 2)  // [[0, 1, 2], [2, 3, 4]]
Tensor unfold(const Tensor& x, int64_t axis, int64_t size, int64_t step);

/// x with select(), slice() or diagonal() of it replaced by `source`, of the same shape; a copy.
/// Example: select_scatter(zeros({2, 2}, i64), tensor({1, 2}), 1, 0)  // [[1, 0], [2, 0]]
/// Example: slice_scatter(zeros({4}, i64), tensor({1, 2}), 0, 1, 3)  // [0, 1, 2, 0]
/// Example: diagonal_scatter(zeros({2, 2}, i64), tensor({1, 2}))  // [[1, 0], [0, 2]]
Tensor select_scatter(const Tensor& x, const Tensor& source, int64_t axis, int64_t position);
Tensor slice_scatter(const Tensor& x, const Tensor& source, int64_t axis, Slice range);
Tensor slice_scatter(const Tensor& x, const Tensor& source, int64_t axis, int64_t start,
                     int64_t stop, int64_t step = 1);
Tensor diagonal_scatter(const Tensor& x, const Tensor& source, int64_t offset = 0,
                        int64_t axis0 = 0, int64_t axis1 = 1);

}  // namespace tapehead
