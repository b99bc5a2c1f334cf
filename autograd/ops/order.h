// Maxima, minima and sorting, of any dtype. If there is a NaN, it is the result. Reducing an
// axis of size 0 throws ShapeError; an axis out of range is an IndexError.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Elements and where they were.
struct ValuesAndIndices {
  Tensor values, indices;  ///< indices: i64, positions along the axis
};

/// The largest or smallest elements. Equal ones share the gradient evenly.
/// Example: amax(tensor({{1, 5}, {3, 2}}), 1)  // [5, 3]
/// Example: amin(tensor({{1, 5}, {3, 2}}), 1, true)  // [[1], [2]]
/// Example: max(tensor({{1, 5}, {3, 2}}), 1)  // [5, 3]; [1, 0]
/// Example: min(tensor({{1, 5}, {3, 2}}))  // 1
Tensor amax(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor amin(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor max(const Tensor& x);
Tensor min(const Tensor& x);
/// Along one axis, with indices. Of equal elements, the first is selected and receives the
/// gradient.
ValuesAndIndices max(const Tensor& x, int64_t axis, bool keepdim = false);
ValuesAndIndices min(const Tensor& x, int64_t axis, bool keepdim = false);
/// The indices only, i64. Without an axis, the index is into the flattened tensor.
/// Example: argmax(tensor({{1, 5}, {3, 2}}), 1)  // [1, 0]
/// Example: argmin(tensor({{1, 5}, {3, 0}}))  // 3
Tensor argmax(const Tensor& x);
Tensor argmin(const Tensor& x);
Tensor argmax(const Tensor& x, int64_t axis, bool keepdim = false);
Tensor argmin(const Tensor& x, int64_t axis, bool keepdim = false);
/// Sorts along an axis. The sort is stable, and NaN is ordered above every number.
/// Example: sort(tensor({3, 1, 2}))  // [1, 2, 3]; [1, 2, 0]
ValuesAndIndices sort(const Tensor& x, int64_t axis = -1, bool descending = false);
/// The k largest (or smallest) elements along an axis, in sorted order. Throws ValueError if k
/// exceeds the size of the axis.
/// Example: topk(tensor({3, 1, 2}), 2)  // [3, 2]; [0, 2]
ValuesAndIndices topk(const Tensor& x, int64_t k, int64_t axis = -1, bool largest = true);

}  // namespace tapehead
