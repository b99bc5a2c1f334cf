// Writing at indices: x is copied with some elements replaced or combined; functions whose name
// ends in _ change x itself and return it. Indices are of any integer type and must not be
// negative.
//
// Of several values for one element the last is stored, unless they are combined; all of them then
// receive the gradient of the element, as in PyTorch. Values have any dtype and are converted to
// that of x. IndexError names the position of an index that is out of range; ShapeError reports
// sizes that do not fit.
#pragma once

#include <string_view>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// x with the positions `indices` [n] of the axis filled with a value, which has no axes.
/// Example: index_fill(tensor({1, 2, 3}), 0, tensor({0, 2}), 9)  // [9, 2, 9]
Tensor index_fill(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& value);
/// x with position indices[i] of the axis replaced by position i of `source`, whose sizes are those
/// of x except for n along the axis.
/// Example: index_copy(zeros({3}), 0, tensor({2, 0}), tensor({1.0, 2.0}))  // [2., 0., 1.]
Tensor index_copy(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source);
/// index_copy() that combines the values as scatter_reduce() does.
/// Example: index_reduce(ones({3}), 0, tensor({0, 0}), tensor({5.0, 2.0}), "amax")  // [5., 1., 1.]
Tensor index_reduce(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source,
                    std::string_view reduce, bool include_self = true);

/// For axis 1: x with source[i, j, k] stored at [i, indices[i, j, k], k]. The indices have as many
/// axes as x, and no size larger than that of x except along the axis. `source` is a number, or has
/// an element for each of the indices.
/// Example: scatter(zeros({2, 3}, i64), 1, tensor({{2}, {0}}), 1)  // [[0, 0, 1], [1, 0, 0]]
Tensor scatter(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source);
/// scatter() that combines all values for an element by `reduce`: "sum", "prod", "mean", "amax" or
/// "amin". The element of x is one of them if `include_self`, else it is replaced. Equal largest or
/// smallest values share the gradient evenly. Means of integers are rounded down. ValueError for
/// another name. The second derivative of "prod" takes factors to be non-zero.
/// Example: scatter_reduce(ones({3}), 0, tensor({0, 0, 2}), tensor({2.0, 3.0, 4.0}), "prod")
///     // [6., 1., 4.]
Tensor scatter_reduce(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source,
                      std::string_view reduce, bool include_self = true);
/// scatter(), after broadcasting all other axes of the indices to those of x, and the values to the
/// indices: NumPy's put_along_axis, and the inverse of take_along_dim().
/// Example: put_along_axis(tensor({{1, 2}, {3, 4}}), tensor({{0}}), 9, 1)  // [[9, 2], [9, 4]]
Tensor put_along_axis(const Tensor& x, const Tensor& indices, const Tensor& values, int64_t axis);
/// x with the elements where the mask is true replaced, in row-major order, by the first elements
/// of `source`. x and the mask broadcast. ShapeError if `source` has too few elements.
/// Example: masked_scatter(tensor({1, 2, 3}), tensor({true, false, true}), tensor({8, 9}))
///     // [8, 2, 9]
Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& source);

/// index_add() in place.
/// Example: index_add_(zeros({3}), 0, tensor({0, 2, 0}), tensor({1.0, 2.0, 4.0}))  // [5., 0., 2.]
const Tensor& index_add_(const Tensor& x, int64_t axis, const Tensor& indices,
                         const Tensor& source);
/// index_fill() in place.
/// Example: index_fill_(tensor({1, 2, 3}), 0, tensor({0, 2}), 9)  // [9, 2, 9]
const Tensor& index_fill_(const Tensor& x, int64_t axis, const Tensor& indices,
                          const Tensor& value);
/// index_copy() in place.
/// Example: index_copy_(zeros({3}), 0, tensor({2, 0}), tensor({1.0, 2.0}))  // [2., 0., 1.]
const Tensor& index_copy_(const Tensor& x, int64_t axis, const Tensor& indices,
                          const Tensor& source);
/// scatter() in place.
/// Example: scatter_(zeros({2, 3}, i64), 1, tensor({{2}, {0}}), 1)  // [[0, 0, 1], [1, 0, 0]]
const Tensor& scatter_(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source);
/// scatter_add() in place.
/// Example: scatter_add_(zeros({3}), 0, tensor({0, 0}), tensor({1.0, 2.0}))  // [3., 0., 0.]
const Tensor& scatter_add_(const Tensor& x, int64_t axis, const Tensor& indices,
                           const Tensor& source);
/// scatter_reduce() in place.
/// Example: scatter_reduce_(ones({3}), 0, tensor({0, 0}), tensor({5.0, 2.0}), "amax")
///     // [5., 1., 1.]
const Tensor& scatter_reduce_(const Tensor& x, int64_t axis, const Tensor& indices,
                              const Tensor& source, std::string_view reduce,
                              bool include_self = true);
/// The mask must broadcast to x.
/// Example: masked_fill_(tensor({1, 2, 3}), tensor({true, false, true}), 0)  // [0, 2, 0]
const Tensor& masked_fill_(const Tensor& x, const Tensor& mask, const Number& value);
/// masked_scatter() in place. The mask must broadcast to x.
/// Example: masked_scatter_(tensor({1, 2, 3}), tensor({true, false, true}), tensor({8, 9}))
///     // [8, 2, 9]
const Tensor& masked_scatter_(const Tensor& x, const Tensor& mask, const Tensor& source);

}  // namespace tapehead
