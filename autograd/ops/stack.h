// Joining and splitting along the first, second or third axis, as in NumPy, of any dtype.
// ShapeError is thrown for sizes that do not fit.
#pragma once

#include <initializer_list>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// cat() along the second axis, for tensors with one axis along the first; 0-d tensors count as
/// [1].
/// Example: hstack({tensor({1, 2}), tensor({3})})  // [1, 2, 3]
Tensor hstack(const std::vector<Tensor>& tensors);
/// cat() along the first axis, after [n] became [1, n].
/// Example: vstack({tensor({1, 2}), tensor({3, 4})})  // [[1, 2], [3, 4]]
/// Example: row_stack({tensor({1, 2}), tensor({3, 4})})  // [[1, 2], [3, 4]]
Tensor vstack(const std::vector<Tensor>& tensors);
Tensor row_stack(const std::vector<Tensor>& tensors);
/// cat() along the third axis, after atleast_3d().
/// Example: dstack({randn({2, 3}), randn({2, 3})})  // shape [2, 3, 2]
Tensor dstack(const std::vector<Tensor>& tensors);
/// cat() along the second axis, after [n] became [n, 1].
/// Example: column_stack({tensor({1, 2}), tensor({3, 4})})  // [[1, 3], [2, 4]]
Tensor column_stack(const std::vector<Tensor>& tensors);

/// Splits an axis into `sections` parts, the first ones of which are larger by one if its size is
/// not a multiple; views. Throws ValueError unless sections >= 1.
/// Example: tensor_split(arange(5), 2)  // [0, 1, 2]; [3, 4]
std::vector<Tensor> tensor_split(const Tensor& x, int64_t sections, int64_t axis = 0);
/// Splits an axis before each of the given positions, which are slices' ends as in Python.
/// Example: tensor_split(arange(5), {1, 3})  // [0]; [1, 2]; [3, 4]
std::vector<Tensor> tensor_split(const Tensor& x, const std::vector<int64_t>& positions,
                                 int64_t axis = 0);
std::vector<Tensor> tensor_split(const Tensor& x, std::initializer_list<int64_t> positions,
                                 int64_t axis = 0);
/// tensor_split() of the second axis (of the only one of [n]), of the first, and of the third. For
/// a number of sections the size must be a multiple of it, else ShapeError.
/// Example: hsplit(randn({4, 6}), 3)  // shape [4, 2]; [4, 2]; [4, 2]
/// Example: vsplit(randn({4, 6}), {1, 3})  // shape [1, 6]; [2, 6]; [1, 6]
/// Example: dsplit(randn({2, 3, 4}), 2)  // shape [2, 3, 2]; [2, 3, 2]
std::vector<Tensor> hsplit(const Tensor& x, int64_t sections);
std::vector<Tensor> hsplit(const Tensor& x, const std::vector<int64_t>& positions);
std::vector<Tensor> hsplit(const Tensor& x, std::initializer_list<int64_t> positions);
std::vector<Tensor> vsplit(const Tensor& x, int64_t sections);
std::vector<Tensor> vsplit(const Tensor& x, const std::vector<int64_t>& positions);
std::vector<Tensor> vsplit(const Tensor& x, std::initializer_list<int64_t> positions);
std::vector<Tensor> dsplit(const Tensor& x, int64_t sections);
std::vector<Tensor> dsplit(const Tensor& x, const std::vector<int64_t>& positions);
std::vector<Tensor> dsplit(const Tensor& x, std::initializer_list<int64_t> positions);

}  // namespace tapehead
