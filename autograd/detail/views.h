// Changes in place that are recorded, of tensors that are views or have views.
//
// A view knows its root, the tensor whose elements it shares and which is a view of none. A
// recorded change of a view is one of its root: the root moves on to a node that takes the view's
// part from the new value and the rest from the old. Other views of the root notice, when they are
// asked for their node, that the root has changed, and take a node that reads their part of its new
// value.
#pragma once

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/node.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead::detail {

/// Throws GraphError for a tensor whose elements share memory with each other.
void check_not_expanded(const char* op, const Tensor& t);
/// Throws GraphError when a change of the tensor cannot be recorded: it is a leaf that tracks
/// gradients, a view of one, or a view that was made under NoGradGuard.
void check_recordable(const char* op, const Tensor& t);
/// Records that the tensor was set to `value`, which has its shape and type.
void record_change(const Tensor& t, const Tensor& value);
/// A copy of the tensor that has its place on the tape.
Tensor copy_on_tape(const Tensor& t);

/// Changes `t` in place: to `value()`, computed by ops, where gradients of `t` or `other` are
/// recorded; else by `direct()`.
template <class Value, class Direct>
void change(const char* op, const Tensor& t, const Tensor& other, Value value, Direct direct) {
  check_not_expanded(op, t);
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
