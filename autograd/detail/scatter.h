// Checks shared by the ops that select or write elements at indices, and by their in-place forms.
// Errors start with `op`.
#pragma once

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/views.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/tensor.h"

namespace tapehead::detail {

/// Indices of positions along an axis, checked, and values for these positions.
struct AtIndices {
  int axis;
  Tensor indices;
  Tensor source;
};

/// For index_select() and the like: `indices` has one axis.
AtIndices rows_at(const char* op, const Tensor& x, int64_t axis, const Tensor& indices);
/// The same with values of the selected shape.
AtIndices rows_at(const char* op, const Tensor& x, int64_t axis, const Tensor& indices,
                  const Tensor& source);
/// For gather() and the like: `indices` has as many axes as x.
AtIndices elements_at(const char* op, const Tensor& x, int64_t axis, const Tensor& indices);
/// The same with a number, or a value for each of the indices; a larger source is cut.
AtIndices elements_at(const char* op, const Tensor& x, int64_t axis, const Tensor& indices,
                      const Tensor& source);

/// Changes x in place: to the result of Op, applied to x, axis, indices and source, if gradients
/// are tracked; else by calling `write` with the source in the type of x. Returns x.
template <class Op, class Write>
const Tensor& change_at(const char* op, const Tensor& x, const AtIndices& at, Write write) {
  change(
      op, x, at.source, [&] { return apply<Op>(copy_on_tape(x), at.axis, at.indices, at.source); },
      [&] { write(core::cast(apart(at.source, x), x.dtype())); });
  return x;
}

}  // namespace tapehead::detail
