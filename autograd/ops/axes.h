// Axes and shapes: names that NumPy and PyTorch have besides those of views.h. All are views where
// these are.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Splits an axis into axes of the given sizes, one of which may be -1. Throws ShapeError unless
/// they multiply to its size.
Tensor unflatten(const Tensor& x, int64_t axis, const Shape& sizes);
/// Removes those of the given axes whose size is 1.
Tensor squeeze(const Tensor& x, const Shape& axes);
/// Inserts axes of size 1 at the given positions in the result, as numpy.expand_dims.
Tensor unsqueeze(const Tensor& x, const Shape& axes);
/// `length` positions of an axis from `start` on; a negative start counts from the end. Throws
/// IndexError if they are not all inside.
Tensor narrow(const Tensor& x, int64_t axis, int64_t start, int64_t length);
/// transpose(), under NumPy's and PyTorch's other names.
Tensor swapaxes(const Tensor& x, int64_t axis0, int64_t axis1);
Tensor swapdims(const Tensor& x, int64_t axis0, int64_t axis1);
/// Moves axes from[i] to the positions to[i]; the other axes keep their order.
Tensor movedim(const Tensor& x, const Shape& from, const Shape& to);
Tensor moveaxis(const Tensor& x, int64_t from, int64_t to);
Tensor moveaxis(const Tensor& x, const Shape& from, const Shape& to);
/// Adds axes of size 1, up to one, two or three: in front, for atleast_3d [n] becomes [1, n, 1] and
/// [m, n] becomes [m, n, 1].
Tensor atleast_1d(const Tensor& x);
Tensor atleast_2d(const Tensor& x);
Tensor atleast_3d(const Tensor& x);
/// expand(), view() and reshape() to the shape of another tensor; reshape() to one axis.
Tensor expand_as(const Tensor& x, const Tensor& other);
Tensor view_as(const Tensor& x, const Tensor& other);
Tensor reshape_as(const Tensor& x, const Tensor& other);
Tensor ravel(const Tensor& x);
/// Expands all tensors to their common shape.
std::vector<Tensor> broadcast_tensors(const std::vector<Tensor>& tensors);

}  // namespace tapehead
