// Extrema, sorting and searching. Nothing here is recorded.
//
// NaN is ordered above every number; equal elements, as 0 and -0 are, keep their order.
#pragma once

#include <functional>

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The positions (i64) of the largest or smallest elements along a non-empty axis, which is kept
/// with size 1. NaN is selected in both cases.
Tensor arg_extremum(const Tensor& x, int axis, bool largest);

/// Elements selected along an axis, and their positions (i64).
struct Ordered {
  Tensor values, indices;
};

/// The first k elements in sorted order.
Ordered order(const Tensor& x, int axis, int64_t k, bool descending);

/// One element of each line along a non-empty axis, which is kept with size 1: the one at
/// `rank(n, nans)` in sorted order, where n is the length of the line and `nans` how many of it are
/// NaN. Of equal elements, the first is selected.
Ordered element_of_rank(const Tensor& x, int axis,
                        const std::function<int64_t(int64_t n, int64_t nans)>& rank);

/// The most frequent element of each line along a non-empty axis, which is kept with size 1; the
/// smallest of several. The position is that of its last occurrence.
Ordered mode(const Tensor& x, int axis);

/// The order that sorts the rows of x [n, m] lexicographically: i64 [n].
Tensor order_of_rows(const Tensor& x);

/// For each of `values` [..., m], the number of elements of the line of `sorted` [..., n] that are
/// less, or, if `right`, at most equal: i64. Both have one dtype; `sorted` is one line for all or
/// has the leading axes of `values`. Throws ValueError, naming `op` and `what`, if it is not
/// sorted.
Tensor search(const char* op, const char* what, const Tensor& sorted, const Tensor& values,
              bool right);

/// The elements of x [n] that differ from the one before them, which include the first, and, if not
/// null, for each element the number of its run (i64 [n]) and for each run its length. x is not f16
/// or bf16.
Tensor runs(const Tensor& x, Tensor* inverse, Tensor* counts);

}  // namespace tapehead::core
