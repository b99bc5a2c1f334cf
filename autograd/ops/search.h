// Searching, and sets of elements, of any dtype. Nothing here has a gradient. NaN is ordered above
// every number. ShapeError is thrown for shapes that do not fit.
#pragma once

#include <optional>

#include "tapehead/core/tensor.h"

namespace tapehead {

struct SearchsortedOptions {
  bool right = false;  ///< behind equal elements rather than in front of them
  Tensor sorter = {};  ///< the order that sorts sorted_sequence, as argsort() returns it
};
/// Where each of `values` would be inserted into a sorted sequence [n], or into the line of
/// sorted_sequence [..., n] with the same leading axes: i64 of the shape of `values`. Dtypes
/// promote. Throws ValueError if the sequence is not sorted.
/// Example: searchsorted(tensor({1, 3, 5}), tensor({3, 4}))  // [1, 2]
Tensor searchsorted(const Tensor& sorted_sequence, const Tensor& values,
                    const SearchsortedOptions& options = {});
/// searchsorted(boundaries, x) for boundaries [n].
/// Example: bucketize(tensor({3, 4}), tensor({1, 3, 5}), true)  // [2, 2]
Tensor bucketize(const Tensor& x, const Tensor& boundaries, bool right = false);
/// Whether each element is one of `test_elements`; if `invert`, whether it is none. NaN is none.
/// Example: isin(tensor({1, 2}), tensor({2, 3}))  // [false, true]
Tensor isin(const Tensor& elements, const Tensor& test_elements, bool invert = false);

struct UniqueOptions {
  bool return_inverse = false;  ///< return Unique::inverse
  bool return_counts = false;   ///< return Unique::counts
  /// Compares the slices along an axis, rather than elements.
  std::optional<int64_t> axis = {};
};
/// The results of unique().
struct Unique {
  Tensor values;   ///< [n], or the different slices joined along the axis
  Tensor inverse;  ///< the index in `values` of each element: i64, of the shape of x or [slices]
  Tensor counts;   ///< how many elements are equal to each of `values`: i64 [n]
};
/// The different elements in ascending order. A NaN differs from every other. `inverse` and
/// `counts` are undefined unless asked for.
/// Example: unique(tensor({3, 1, 3})).values  // [1, 3]
Unique unique(const Tensor& x, const UniqueOptions& options = {});
/// The same without sorting: only neighbours are compared.
/// Example: unique_consecutive(tensor({1, 1, 3, 1})).values  // [1, 3, 1]
Unique unique_consecutive(const Tensor& x, const UniqueOptions& options = {});

}  // namespace tapehead
