// Slices, of any dtype. All are views, except for slices backwards. IndexError is thrown for
// axes out of range.
#pragma once

#include <initializer_list>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The positions start, start + step, … before stop along an axis. Positions out of range are
/// clamped, as in Python. With a negative step, the positions go down and the result is a copy;
/// index_put_() and x.index({…}) = y write backwards, too. Throws ValueError if step is 0.
/// Example: slice(arange(10), 0, 1, -1, 3)  // [1, 4, 7]
/// Example: slice(arange(5), 0, Slice(None, None, -1))  // [4, 3, 2, 1, 0]
Tensor slice(const Tensor& x, int64_t axis, Slice range);
Tensor slice(const Tensor& x, int64_t axis, int64_t start, int64_t stop, int64_t step = 1);
/// One position along an axis, which is removed. Throws IndexError if it is out of range.
/// Example: select(tensor({{1, 2}, {3, 4}}), 1, -1)  // [2, 4]
Tensor select(const Tensor& x, int64_t axis, int64_t position);
/// The elements at (i, i + offset) of two axes, which are replaced by a new last axis.
/// Example: diagonal(tensor({{1, 2}, {3, 4}}))  // [1, 4]
Tensor diagonal(const Tensor& x, int64_t offset = 0, int64_t axis0 = 0, int64_t axis1 = 1);
/// Splits an axis into consecutive parts of the given sizes. Throws ShapeError unless they add up
/// to the size of the axis.
/// Example: split(arange(5), {1, 4})  // [0]; [1, 2, 3, 4]
std::vector<Tensor> split(const Tensor& x, const std::vector<int64_t>& sizes, int64_t axis = 0);
std::vector<Tensor> split(const Tensor& x, std::initializer_list<int64_t> sizes, int64_t axis = 0);
/// Splits an axis into parts of `size`; the last one may be smaller.
/// Example: split(arange(5), 2)  // [0, 1]; [2, 3]; [4]
std::vector<Tensor> split(const Tensor& x, int64_t size, int64_t axis = 0);
/// Splits an axis into at most `chunks` parts of equal size; the last one may be smaller.
/// Example: chunk(arange(5), 2)  // [0, 1, 2]; [3, 4]
std::vector<Tensor> chunk(const Tensor& x, int64_t chunks, int64_t axis = 0);
/// All positions along an axis, which is removed.
/// Example: unbind(tensor({{1, 2}, {3, 4}}), 1)  // [1, 3]; [2, 4]
std::vector<Tensor> unbind(const Tensor& x, int64_t axis = 0);

}  // namespace tapehead
