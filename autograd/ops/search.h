// Searching, and sets of elements. Nothing here has a gradient. NaN is ordered above every number.
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
Tensor searchsorted(const Tensor& sorted_sequence, const Tensor& values,
                    const SearchsortedOptions& options = {});
/// searchsorted(boundaries, x) for boundaries [n].
Tensor bucketize(const Tensor& x, const Tensor& boundaries, bool right = false);
/// Whether each element is one of `test_elements`; if `invert`, whether it is none. NaN is none.
Tensor isin(const Tensor& elements, const Tensor& test_elements, bool invert = false);

struct UniqueOptions {
  bool return_inverse = false;
  bool return_counts = false;
  /// Compares the slices along an axis, rather than elements.
  std::optional<int64_t> axis = {};
};
struct Unique {
  Tensor values;   ///< [n], or the different slices joined along the axis
  Tensor inverse;  ///< the index in `values` of each element: i64, of the shape of x or [slices]
  Tensor counts;   ///< how many elements are equal to each of `values`: i64 [n]
};
/// The different elements in ascending order. A NaN differs from every other. `inverse` and
/// `counts` are undefined unless asked for.
Unique unique(const Tensor& x, const UniqueOptions& options = {});
/// The same without sorting: only neighbours are compared.
Unique unique_consecutive(const Tensor& x, const UniqueOptions& options = {});

}  // namespace tapehead
