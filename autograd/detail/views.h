// Recording of in-place changes to tensors that are views or have views.
//
// A view refers to its root: the tensor whose elements it shares and that is not a view itself.
// Recording an in-place change of a view changes the root, which gets a new node that combines the
// new value of the view with the old value of the rest. Other views of the root detect this when
// their node is requested, and get a node that reads their part of its new value (as PyTorch
// regenerates the grad_fn of views).
#pragma once

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/node.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead::detail {

/// Throws GraphError if several elements of the tensor share memory, as after expand(), and
/// ValueError if its memory is read-only.
void check_writable(const char* op, const Tensor& t);
/// Throws GraphError if an in-place change of the tensor cannot be recorded: it is a leaf that
/// tracks gradients, a view of one, or a view made under NoGradGuard.
void check_recordable(const char* op, const Tensor& t);
/// Records that the tensor was set to `value`, of the same shape and dtype.
void record_change(const Tensor& t, const Tensor& value);
/// A copy of the tensor, attached to the same node.
Tensor copy_on_tape(const Tensor& t);

/// The operand of an in-place change of `self`: a copy if writing could change it before it is
/// read.
Tensor apart(const Tensor& operand, const Tensor& self);

/// A recorded view of x's memory with the given sizes and strides, `offset` elements after its
/// first, within its extent. Elements of the view may share memory, those of x may not.
Tensor view_memory(const Tensor& x, const Shape& sizes, const Shape& strides, int64_t offset);

/// slice() as a view whatever its step: with a negative one, its strides are negative. For reading
/// and writing by strided copies only; other ops expect strides that are not negative.
Tensor slice_view(const Tensor& x, int64_t axis, Slice range);

/// Changes `t` in place: to `value()`, computed by recorded ops, if gradients of `t` or `other` are
/// tracked; else by calling `direct()`.
template <class Value, class Direct>
void change(const char* op, const Tensor& t, const Tensor& other, Value value, Direct direct) {
  check_writable(op, t);
  if (use_log) [[unlikely]]
    note_use(t), note_use(other);
  if (is_grad_enabled() && (t.requires_grad() || other.requires_grad())) {
    check_recordable(op, t);
    const Tensor changed = value().to(t.dtype()).expand(t.shape());
    core::copy_into(t, changed);
    record_change(t, changed);
  } else {
    direct();
  }
  t.impl()->storage->changed_by(op);
}

}  // namespace tapehead::detail
