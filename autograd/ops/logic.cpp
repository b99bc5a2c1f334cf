// Comparison, logical and bitwise ops, predicates, where.
#include "tapehead/autograd/ops/logic.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead {
namespace {

using kernels::Binary;
using kernels::Compare;

struct Where : CustomOp {
  static constexpr const char* kName = "where";
  Tensor forward(const Tensor& condition, const Tensor& a, const Tensor& b) {
    return core::where(kName, save(condition), a, b);
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    const Tensor condition = saved(0);
    return {Tensor(), needs_grad(1) ? where(condition, dy, 0) : Tensor(),
            needs_grad(2) ? where(condition, 0, dy) : Tensor()};
  }
};

Tensor logical(const char* op, Binary kernel, const Tensor& a, const Tensor& b) {
  return core::binary(op, kernel, core::cast(a, boolean), core::cast(b, boolean));
}

// Computes a > b as b < a, but reports errors with the operands in their order.
Tensor compare_swapped(const char* op, Compare kernel, const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) broadcast_shapes(op, a.shape(), b.shape());
  return core::compare(op, kernel, b, a);
}

// For integers and bool, which have neither NaN nor infinities.
Tensor all_of(const Tensor& x, bool value) { return core::full(x.shape(), value, boolean); }

}  // namespace

Tensor eq(const Tensor& a, const Tensor& b) { return core::compare("eq", Compare::eq, a, b); }
Tensor ne(const Tensor& a, const Tensor& b) { return core::compare("ne", Compare::ne, a, b); }
Tensor lt(const Tensor& a, const Tensor& b) { return core::compare("lt", Compare::lt, a, b); }
Tensor le(const Tensor& a, const Tensor& b) { return core::compare("le", Compare::le, a, b); }
Tensor gt(const Tensor& a, const Tensor& b) { return compare_swapped("gt", Compare::lt, a, b); }
Tensor ge(const Tensor& a, const Tensor& b) { return compare_swapped("ge", Compare::le, a, b); }

Tensor isnan(const Tensor& x) {
  return is_floating(x.dtype()) ? core::predicate("isnan", kernels::Predicate::isnan, x)
                                : all_of(x, false);
}
Tensor isinf(const Tensor& x) {
  return is_floating(x.dtype()) ? core::predicate("isinf", kernels::Predicate::isinf, x)
                                : all_of(x, false);
}
Tensor isfinite(const Tensor& x) {
  return is_floating(x.dtype()) ? core::predicate("isfinite", kernels::Predicate::isfinite, x)
                                : all_of(x, true);
}

Tensor isposinf(const Tensor& x) {
  return is_floating(x.dtype()) ? core::compare("isposinf", Compare::eq, x, HUGE_VAL)
                                : all_of(x, false);
}
Tensor isneginf(const Tensor& x) {
  return is_floating(x.dtype()) ? core::compare("isneginf", Compare::eq, x, -HUGE_VAL)
                                : all_of(x, false);
}
Tensor signbit(const Tensor& x) {
  return is_floating(x.dtype()) ? core::predicate("signbit", kernels::Predicate::signbit, x)
                                : core::compare("signbit", Compare::lt, x, 0);
}

Tensor isclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  if (!(rtol >= 0 && atol >= 0))
    throw ValueError(
        fmt::format("isclose: rtol is {} and atol {}; they must not be negative", rtol, atol));
  const NoGradGuard off;
  Tensor close = core::compare("isclose", Compare::eq, a, b);
  if (equal_nan) close = close | (isnan(a) & isnan(b));
  const Tensor distance = abs(core::floating(a) - core::floating(b));
  return close | ((distance <= atol + rtol * abs(core::floating(b))) & isfinite(distance));
}
bool allclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  return all(isclose(a, b, rtol, atol, equal_nan)).item<bool>();
}
bool equal(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && all(a == b).item<bool>();
}

Tensor logical_not(const Tensor& x) { return core::compare("logical_not", Compare::eq, x, false); }
Tensor logical_and(const Tensor& a, const Tensor& b) {
  return logical("logical_and", Binary::bitwise_and, a, b);
}
Tensor logical_or(const Tensor& a, const Tensor& b) {
  return logical("logical_or", Binary::bitwise_or, a, b);
}
Tensor logical_xor(const Tensor& a, const Tensor& b) {
  return logical("logical_xor", Binary::bitwise_xor, a, b);
}

Tensor bitwise_not(const Tensor& x) {
  return x.dtype() == boolean ? logical_not(x)
                              : core::unary("bitwise_not", kernels::Unary::bitwise_not, x);
}
Tensor bitwise_and(const Tensor& a, const Tensor& b) {
  return core::binary("bitwise_and", Binary::bitwise_and, a, b);
}
Tensor bitwise_or(const Tensor& a, const Tensor& b) {
  return core::binary("bitwise_or", Binary::bitwise_or, a, b);
}
Tensor bitwise_xor(const Tensor& a, const Tensor& b) {
  return core::binary("bitwise_xor", Binary::bitwise_xor, a, b);
}
Tensor bitwise_left_shift(const Tensor& a, const Tensor& b) {
  return core::binary("bitwise_left_shift", Binary::left_shift, a, b);
}
Tensor bitwise_right_shift(const Tensor& a, const Tensor& b) {
  return core::binary("bitwise_right_shift", Binary::right_shift, a, b);
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  return apply<Where>(condition, a, b);
}

Tensor Tensor::where(const Tensor& condition, const Tensor& other) const {
  return tapehead::where(condition, *this, other);
}

}  // namespace tapehead
