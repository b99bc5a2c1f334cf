// Maxima, minima and sorting. If there is a NaN, it is the result. Reducing an axis of size 0
// throws ShapeError.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

struct ValuesAndIndices {
  Tensor values, indices;  ///< indices: i64, positions along the axis
};

/// The largest or smallest elements. Equal ones share the gradient evenly.
Tensor amax(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor amin(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
Tensor max(const Tensor& x);
Tensor min(const Tensor& x);
/// Along one axis, with indices. Of equal elements, the first is selected and receives the
/// gradient.
ValuesAndIndices max(const Tensor& x, int64_t axis, bool keepdim = false);
ValuesAndIndices min(const Tensor& x, int64_t axis, bool keepdim = false);
/// The indices only, i64. Without an axis, the index is into the flattened tensor.
Tensor argmax(const Tensor& x);
Tensor argmin(const Tensor& x);
Tensor argmax(const Tensor& x, int64_t axis, bool keepdim = false);
Tensor argmin(const Tensor& x, int64_t axis, bool keepdim = false);
/// Sorts along an axis. The sort is stable, and NaN is ordered above every number.
ValuesAndIndices sort(const Tensor& x, int64_t axis = -1, bool descending = false);
/// The k largest (or smallest) elements along an axis, in sorted order. Throws ValueError if k
/// exceeds the size of the axis.
ValuesAndIndices topk(const Tensor& x, int64_t k, int64_t axis = -1, bool largest = true);

}  // namespace tapehead
