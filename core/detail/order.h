// Argmax, sorting and cumulative sums. Nothing here is recorded.
//
// NaN is ordered above every number; equal elements keep their order.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The positions (i64) of the largest or smallest elements along a non-empty axis, which is kept
/// with size 1. NaN is selected in both cases.
Tensor arg_extremum(const Tensor& x, int axis, bool largest);

/// The positions (i64) of the first k elements in sorted order along the axis.
Tensor order(const Tensor& x, int axis, int64_t k, bool descending);

/// Cumulative sums along the axis, from its start or from its end. Integers and bool are summed as
/// i64.
Tensor cumsum(const Tensor& x, int axis, bool from_end);

}  // namespace tapehead::core
