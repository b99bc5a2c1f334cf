// Joining and splitting along the first, second or third axis, as in NumPy.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// cat() along the second axis, for tensors with one axis along the first; 0-d tensors count as
/// [1].
Tensor hstack(const std::vector<Tensor>& tensors);
/// cat() along the first axis, after [n] became [1, n].
Tensor vstack(const std::vector<Tensor>& tensors);
Tensor row_stack(const std::vector<Tensor>& tensors);
/// cat() along the third axis, after atleast_3d().
Tensor dstack(const std::vector<Tensor>& tensors);
/// cat() along the second axis, after [n] became [n, 1].
Tensor column_stack(const std::vector<Tensor>& tensors);

/// Splits an axis into `sections` parts, the first ones of which are larger by one if its size is
/// not a multiple; views. Throws ValueError unless sections >= 1.
std::vector<Tensor> tensor_split(const Tensor& x, int64_t sections, int64_t axis = 0);
/// Splits an axis before each of the given positions, which are slices' ends as in Python.
std::vector<Tensor> tensor_split(const Tensor& x, const std::vector<int64_t>& positions,
                                 int64_t axis = 0);
/// tensor_split() of the second axis (of the only one of [n]), of the first, and of the third. For
/// a number of sections the size must be a multiple of it, else ShapeError.
std::vector<Tensor> hsplit(const Tensor& x, int64_t sections);
std::vector<Tensor> hsplit(const Tensor& x, const std::vector<int64_t>& positions);
std::vector<Tensor> vsplit(const Tensor& x, int64_t sections);
std::vector<Tensor> vsplit(const Tensor& x, const std::vector<int64_t>& positions);
std::vector<Tensor> dsplit(const Tensor& x, int64_t sections);
std::vector<Tensor> dsplit(const Tensor& x, const std::vector<int64_t>& positions);

}  // namespace tapehead
