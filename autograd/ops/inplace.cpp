// In-place ops: the Tensor methods with a trailing underscore.
#include <fmt/format.h>

#include "tapehead/autograd/detail/views.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead {
namespace {

void check_fits(const char* op, const Tensor& self, const Tensor& other) {
  if (!broadcasts_to(other.shape(), self.shape()))
    throw ShapeError(fmt::format("{}: shape {} does not broadcast to {}, which is changed in place",
                                 op, other.shape().str(), self.shape().str()));
}

// An elementwise change may read the tensor itself, but not another view of its elements.
Tensor operand_of(const Tensor& other, const Tensor& self) {
  return other.is_same(self) ? other : detail::apart(other, self);
}

void change_by(const char* op, kernels::Binary kernel, const Tensor& self, const Tensor& other,
               Tensor (*recorded)(const Tensor&, const Tensor&)) {
  check_fits(op, self, other);
  if (is_integral(self.dtype()) && core::is_number(other))
    core::check_range(op, other, self.dtype());
  const auto direct = [&] {
    const kernels::Loop loop = kernels::loop(kernel, self.dtype());
    const DType wide = core::result_type(self, other);
    if (!loop || (is_floating(wide) && !is_floating(self.dtype())))
      throw DTypeError(fmt::format(
          "{}: a result of type {} cannot be stored in the {} tensor that is changed in place", op,
          name(wide), name(self.dtype())));
    const Tensor operand = core::cast(operand_of(other, self), self.dtype());
    const Tensor* tensors[] = {&self, &self, &operand};
    core::run_loop(loop, tensors);
  };
  const auto as_op = [&] {
    const Tensor before = detail::copy_on_tape(self);
    return recorded(before, other.is_same(self) ? before : other);
  };
  detail::change(op, self, other, as_op, direct);
}

void overwrite(const char* op, const Tensor& self, const Tensor& source) {
  check_fits(op, self, source);
  if (core::is_number(source)) core::check_range(op, source, self.dtype());
  const bool overlaps = source.impl()->storage == self.impl()->storage;
  detail::change(
      op, self, source, [&] { return overlaps ? source.clone() : source; },
      [&] { core::copy_into(self, operand_of(source, self)); });
}

}  // namespace

const Tensor& Tensor::copy_(const Tensor& source) const {
  return overwrite("copy_", *this, source), *this;
}
const Tensor& Tensor::fill_(const Tensor& value) const {
  return overwrite("fill_", *this, value), *this;
}

void Tensor::operator=(const Tensor& value) && {
  if (!impl_)
    throw ValueError(
        "operator=: the tensor on the left is undefined, as grad() is before backward(); use "
        "set_grad() to set a gradient");
  const bool is_shared = impl_->references > 1 ||
                         (impl_->root ? impl_->root->references > 1 : impl_->storage->is_shared());
  if (!is_shared)
    throw ValueError(
        fmt::format("operator=: {} shares its elements with no other tensor, so the write would be "
                    "lost; assign to a view, such as x[0] or x.slice(), or to a variable",
                    core::describe(*this)));
  copy_(value);
}

const Tensor& Tensor::add_(const Tensor& other) const {
  return change_by("add_", kernels::Binary::add, *this, other, tapehead::add), *this;
}
const Tensor& Tensor::sub_(const Tensor& other) const {
  return change_by("sub_", kernels::Binary::sub, *this, other, tapehead::sub), *this;
}
const Tensor& Tensor::mul_(const Tensor& other) const {
  return change_by("mul_", kernels::Binary::mul, *this, other, tapehead::mul), *this;
}
const Tensor& Tensor::div_(const Tensor& other) const {
  return change_by("div_", kernels::Binary::div, *this, other, tapehead::div), *this;
}

}  // namespace tapehead
