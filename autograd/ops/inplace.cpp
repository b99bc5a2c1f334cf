// In-place ops: the Tensor methods with a trailing underscore.
#include <fmt/format.h>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/node.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

void check_fits(const char* op, const Tensor& self, const Tensor& other) {
  if (!broadcasts_to(other.shape(), self.shape()))
    throw ShapeError(fmt::format("{}: shape {} does not broadcast to {}, which is changed in place",
                                 op, other.shape().str(), self.shape().str()));
  for (int i = 0; i < self.dim(); ++i)
    if (self.shape()[i] > 1 && self.strides()[i] == 0 && self.numel() > 0)
      throw GraphError(
          fmt::format("{}: {} is an expanded view, whose elements share memory; clone() it first",
                      op, core::describe(self)));
}

// The operand, or a copy if other elements of `self` would change it on the way.
Tensor apart(const Tensor& operand, const Tensor& self) {
  const bool overlaps = operand.impl()->storage == self.impl()->storage && !operand.is_same(self);
  return overlaps ? no_grad([&] { return operand.clone(); }) : operand;
}

// Recorded: computes the new value as an op on what the tensor was, then moves the tensor to it.
template <class F>
void record_change(const char* op, const Tensor& self, F&& compute) {
  if (self.requires_grad() && self.is_leaf())
    throw GraphError(fmt::format("{}: {} is a leaf that tracks gradients; change it inside NoGrad",
                                 op, core::describe(self)));
  if (self.impl()->storage->has_views())
    throw GraphError(fmt::format(
        "{}: {} is a view, or has views, which a recorded change would go past; compute "
        "a new tensor instead",
        op, core::describe(self)));
  Tensor before = no_grad([&] { return self.clone(); });
  if (self.requires_grad())
    detail::attach(before, Ref<detail::Node>::share(detail::node_of(self)),
                   self.impl()->node_output);
  const Tensor after = compute(before).to(self.dtype()).expand(self.shape());
  core::copy_into(self, after);
  if (self.requires_grad() && after.requires_grad())
    detail::move_retained_grad(*detail::node_of(self), self.impl()->node_output,
                               *detail::node_of(after), after.impl()->node_output);
  self.impl()->node = after.impl()->node;
  self.impl()->node_output = after.impl()->node_output;
}

template <class Recorded, class Direct>
void change(const char* op, const Tensor& self, const Tensor& other, Recorded recorded,
            Direct direct) {
  check_fits(op, self, other);
  if (detail::use_log) [[unlikely]]
    detail::note_use(self), detail::note_use(other);
  if (grad_enabled() && (self.requires_grad() || other.requires_grad()))
    record_change(op, self, recorded);
  else direct();
  self.impl()->storage->changed_by(op);
}

void change_by(const char* op, kernels::Binary kernel, const Tensor& self, const Tensor& other,
               Tensor (*recorded)(const Tensor&, const Tensor&)) {
  if (is_integral(self.dtype()) && core::is_number(other))
    core::check_range(op, other, self.dtype());
  const auto direct = [&] {
    const kernels::Loop loop = kernels::loop(kernel, self.dtype());
    const DType wide = core::result_type(self, other);
    if (!loop || (is_floating(wide) && !is_floating(self.dtype())))
      throw DTypeError(
          fmt::format("{}: a result of type {} does not fit the {} tensor it is to change", op,
                      name(wide), name(self.dtype())));
    const Tensor operand = core::cast(apart(other, self), self.dtype());
    const Tensor* tensors[] = {&self, &self, &operand};
    core::run_loop(loop, tensors);
  };
  change(
      op, self, other,
      [&](const Tensor& before) { return recorded(before, other.is_same(self) ? before : other); },
      direct);
}

void overwrite(const char* op, const Tensor& self, const Tensor& source) {
  if (core::is_number(source)) core::check_range(op, source, self.dtype());
  change(
      op, self, source, [&](const Tensor&) { return source.clone(); },
      [&] { core::copy_into(self, apart(source, self)); });
}

}  // namespace

const Tensor& Tensor::copy_(const Tensor& source) const {
  return overwrite("copy_", *this, source), *this;
}
const Tensor& Tensor::fill_(const Tensor& value) const {
  return overwrite("fill_", *this, value), *this;
}

const Tensor& Tensor::add_(const Tensor& other) const {
  return change_by("add_", kernels::Binary::add, *this, other, add), *this;
}
const Tensor& Tensor::sub_(const Tensor& other) const {
  return change_by("sub_", kernels::Binary::sub, *this, other, sub), *this;
}
const Tensor& Tensor::mul_(const Tensor& other) const {
  return change_by("mul_", kernels::Binary::mul, *this, other, mul), *this;
}
const Tensor& Tensor::div_(const Tensor& other) const {
  return change_by("div_", kernels::Binary::div, *this, other, div), *this;
}

}  // namespace tapehead
