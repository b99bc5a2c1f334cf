// Which element is the largest, how elements are ordered, running sums. Nothing here is recorded.
//
// NaN counts as larger than every number; of equal elements the first comes first.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The positions (i64) of the largest or smallest elements along an axis that is not empty; NaN
/// wins either way. The axis keeps size 1.
Tensor arg_extremum(const Tensor& x, int axis, bool largest);

/// The positions (i64) of the first k elements along the axis when it is sorted.
Tensor order(const Tensor& x, int axis, int64_t k, bool descending);

/// Running sums along the axis, from its start or from its end; of integers and booleans as i64.
Tensor cumsum(const Tensor& x, int axis, bool from_end);

}  // namespace tapehead::core
