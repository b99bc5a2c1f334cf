// Maxima, minima, sorting, and elements by their rank, of any dtype. NaN is ordered above every
// number; if there is one, it is also the minimum and the median. Reducing an axis of size 0 throws
// ShapeError; an axis out of range is an IndexError.
#pragma once

#include <optional>
#include <string_view>

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
/// The results of aminmax().
struct MinMax {
  Tensor min, max;  ///< of the shape that amin() has
};
/// amin() and amax(), along one axis or of all elements.
/// Example: aminmax(tensor({3, 1, 2})).max  // 3
MinMax aminmax(const Tensor& x, std::optional<int64_t> axis = {}, bool keepdim = false);

/// Sorts along an axis. Equal elements keep their order.
/// Example: sort(tensor({3, 1, 2}))  // [1, 2, 3]; [1, 2, 0]
ValuesAndIndices sort(const Tensor& x, int64_t axis = -1, bool descending = false);
/// The indices of sort(), i64.
/// Example: argsort(tensor({3, 1, 2}))  // [1, 2, 0]
Tensor argsort(const Tensor& x, int64_t axis = -1, bool descending = false);
/// Sorts along the first axis.
/// Example: msort(tensor({{3, 1}, {2, 4}}))  // [[2, 1], [3, 4]]
Tensor msort(const Tensor& x);
/// The k largest (or smallest) elements along an axis, in sorted order unless `sorted` is false:
/// then their order is unspecified. Throws ValueError if k exceeds the size of the axis.
/// Example: topk(tensor({3, 1, 2}), 2)  // [3, 2]; [0, 2]
ValuesAndIndices topk(const Tensor& x, int64_t k, int64_t axis = -1, bool largest = true,
                      bool sorted = true);
/// The k-th smallest element along an axis; of equal elements, the first. Throws ValueError unless
/// k is in 1..size of the axis. (ops/selection.cpp)
/// Example: kthvalue(tensor({3, 1, 2}), 2)  // 2; 2
ValuesAndIndices kthvalue(const Tensor& x, int64_t k, int64_t axis = -1, bool keepdim = false);
/// The middle element in sorted order; of an even number, the lower of the two in the middle.
/// nanmedian() ignores NaN. Equal elements share the gradient evenly. (ops/selection.cpp)
/// Example: median(tensor({4, 1, 3, 2}))  // 2
/// Example: nanmedian(log(tensor({-1.0, 1.0})))  // 0.
Tensor median(const Tensor& x);
Tensor nanmedian(const Tensor& x);
/// Along one axis, with indices. Of equal elements, the first is selected and receives the
/// gradient.
ValuesAndIndices median(const Tensor& x, int64_t axis, bool keepdim = false);
ValuesAndIndices nanmedian(const Tensor& x, int64_t axis, bool keepdim = false);
/// The most frequent element along an axis, the smallest of several, and the index of its last
/// occurrence, which receives the gradient. (ops/selection.cpp)
/// Example: mode(tensor({2, 1, 2}))  // 2; 2
ValuesAndIndices mode(const Tensor& x, int64_t axis = -1, bool keepdim = false);

/// The quantiles q, a number or [Q] in 0..1, of a floating tensor along an axis or of all elements:
/// the sorted elements at position q (n - 1), which `interpolation` finds between two elements:
/// "linear", "lower", "higher", "nearest" (halves to the even position) or "midpoint". q is
/// converted to the dtype of x. The result is [Q, shape of x without the axis], without Q if q is a
/// number. NaN if there is a NaN; nanquantile() ignores NaN. (ops/quantile.cpp)
/// Example: quantile(tensor({1.0, 2.0, 4.0}), 0.75)  // 3.
/// Example: nanquantile(tensor({1.0, 2.0, 4.0}), 0.5, 0)  // 2.
Tensor quantile(const Tensor& x, const Tensor& q, std::optional<int64_t> axis = {},
                bool keepdim = false, std::string_view interpolation = "linear");
Tensor nanquantile(const Tensor& x, const Tensor& q, std::optional<int64_t> axis = {},
                   bool keepdim = false, std::string_view interpolation = "linear");

}  // namespace tapehead
