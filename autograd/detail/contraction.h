// Contraction of two tensors with labelled axes, for einsum and tensordot.
#pragma once

#include <cstdint>

#include "tapehead/core/tensor.h"

namespace tapehead::detail {

/// Throws DTypeError `op: …` for bool and u8, of which there are no matrix products.
void check_product_type(const char* op, DType dtype);

/// A set of labels, which are integers from 0 to 63.
using LabelSet = uint64_t;
constexpr LabelSet label_bit(int64_t label) { return LabelSet{1} << label; }

/// A tensor each of whose axes has a label of its own.
struct Labelled {
  Tensor tensor;
  Shape labels;  // one for each axis

  LabelSet set() const {
    LabelSet out = 0;
    for (const int64_t label : labels) out |= label_bit(label);
    return out;
  }
};

/// Sums over the axes whose labels are not in `kept`.
Labelled sum_others(const Labelled& x, LabelSet kept);
/// Reorders the axes; `labels` has every label of x once.
Tensor permuted(const Labelled& x, const Shape& labels);
/// The product of a and b, whose axes with equal labels correspond and have equal sizes, summed
/// over the labels that are not in `kept`. Labels that are summed and in both operands become the
/// inner axis of one (batched) matmul; if there are none, the product is elementwise. The axes of
/// the result are in no particular order.
Labelled contract(const Labelled& a, const Labelled& b, LabelSet kept);

}  // namespace tapehead::detail
