// Axes and shapes, of any dtype: names that NumPy and PyTorch have besides those of views.h. All
// are views where these are. IndexError is thrown for axes out of range, ShapeError for sizes
// that do not fit.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Splits an axis into axes of the given sizes, one of which may be -1. Throws ShapeError unless
/// they multiply to its size.
/// Example: unflatten(randn({8, 12}), 1, {3, -1})  // shape [8, 3, 4]
Tensor unflatten(const Tensor& x, int64_t axis, const Shape& sizes);
/// Removes those of the given axes whose size is 1.
/// Example: squeeze(randn({1, 3, 1, 1}), {0, 3})  // shape [3, 1]
Tensor squeeze(const Tensor& x, const Shape& axes);
/// Inserts axes of size 1 at the given positions in the result, as numpy.expand_dims.
/// Example: unsqueeze(randn({5}), {0, 2})  // shape [1, 5, 1]
Tensor unsqueeze(const Tensor& x, const Shape& axes);
/// `length` positions of an axis from `start` on; a negative start counts from the end. Throws
/// IndexError if they are not all inside.
/// Example: narrow(arange(10), 0, 2, 3)  // [2, 3, 4]
Tensor narrow(const Tensor& x, int64_t axis, int64_t start, int64_t length);
/// transpose(), under NumPy's and PyTorch's other names.
/// Example: swapaxes(randn({2, 3, 4}), 0, 2)  // shape [4, 3, 2]
/// Example: swapdims(randn({2, 3, 4}), 0, 2)  // shape [4, 3, 2]
Tensor swapaxes(const Tensor& x, int64_t axis0, int64_t axis1);
Tensor swapdims(const Tensor& x, int64_t axis0, int64_t axis1);
/// Moves axes from[i] to the positions to[i]; the other axes keep their order.
/// Example: movedim(randn({2, 3, 4}), {0, 1}, {2, 0})  // shape [3, 4, 2]
/// Example: moveaxis(randn({2, 3, 4}), 0, -1)  // shape [3, 4, 2]
Tensor movedim(const Tensor& x, const Shape& from, const Shape& to);
Tensor moveaxis(const Tensor& x, int64_t from, int64_t to);
Tensor moveaxis(const Tensor& x, const Shape& from, const Shape& to);
/// Adds axes of size 1, up to one, two or three: in front, for atleast_3d [n] becomes [1, n, 1] and
/// [m, n] becomes [m, n, 1].
/// Example: atleast_1d(tensor(3))  // [3]
/// Example: atleast_2d(tensor({1, 2}))  // [[1, 2]]
/// Example: atleast_3d(randn({4, 5}))  // shape [4, 5, 1]
Tensor atleast_1d(const Tensor& x);
Tensor atleast_2d(const Tensor& x);
Tensor atleast_3d(const Tensor& x);
/// expand(), view() and reshape() to the shape of another tensor; reshape() to one axis.
/// Example: expand_as(randn({3, 1}), randn({2, 3, 4}))  // shape [2, 3, 4]
/// Example: view_as(randn({6}), randn({2, 3}))  // shape [2, 3]
/// Example: reshape_as(randn({6}), randn({2, 3}))  // shape [2, 3]
/// Example: ravel(tensor({{1, 2}, {3, 4}}))  // [1, 2, 3, 4]
Tensor expand_as(const Tensor& x, const Tensor& other);
Tensor view_as(const Tensor& x, const Tensor& other);
Tensor reshape_as(const Tensor& x, const Tensor& other);
Tensor ravel(const Tensor& x);
/// Expands all tensors to their common shape.
/// Example: broadcast_tensors({randn({3, 1}), randn({4})})  // shape [3, 4]; [3, 4]
std::vector<Tensor> broadcast_tensors(const std::vector<Tensor>& tensors);

}  // namespace tapehead
