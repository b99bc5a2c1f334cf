// Comparison, logical and bitwise ops, predicates, where.
#include "tapehead/autograd/ops/logic.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/mapping.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead {
namespace {

using kernels::Binary;
using kernels::Compare;
using kernels::Predicate;

struct Where : BroadcastingOp {
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

Tensor binary(const char* op, Binary kernel, const Tensor& a, const Tensor& b) {
  return detail::elementwise(
      [&](const Tensor& x, const Tensor& y) { return core::binary(op, kernel, x, y); }, a, b);
}

Tensor compare(const char* op, Compare kernel, const Tensor& a, const Tensor& b) {
  return detail::elementwise(
      [&](const Tensor& x, const Tensor& y) { return core::compare(op, kernel, x, y); }, a, b);
}

Tensor predicate(const char* op, Predicate kernel, const Tensor& x) {
  return detail::elementwise([&](const Tensor& t) { return core::predicate(op, kernel, t); }, x);
}

Tensor logical(const char* op, Binary kernel, const Tensor& a, const Tensor& b) {
  const auto of = [&](const Tensor& x, const Tensor& y) {
    return core::binary(op, kernel, core::cast(x, boolean), core::cast(y, boolean));
  };
  return detail::elementwise(of, a, b);
}

// Computes a > b as b < a, but reports errors with the operands in their order.
Tensor compare_swapped(const char* op, Compare kernel, const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) broadcast_shapes(op, a.shape(), b.shape());
  return compare(op, kernel, b, a);
}

// For integers and bool, which have neither NaN nor infinities.
Tensor all_of(const Tensor& x, bool value) { return core::full(x.shape(), value, boolean); }

}  // namespace

Tensor eq(const Tensor& a, const Tensor& b) { return compare("eq", Compare::eq, a, b); }
Tensor ne(const Tensor& a, const Tensor& b) { return compare("ne", Compare::ne, a, b); }
Tensor lt(const Tensor& a, const Tensor& b) { return compare("lt", Compare::lt, a, b); }
Tensor le(const Tensor& a, const Tensor& b) { return compare("le", Compare::le, a, b); }
Tensor gt(const Tensor& a, const Tensor& b) { return compare_swapped("gt", Compare::lt, a, b); }
Tensor ge(const Tensor& a, const Tensor& b) { return compare_swapped("ge", Compare::le, a, b); }

Tensor isnan(const Tensor& x) {
  return is_floating(x.dtype()) ? predicate("isnan", Predicate::isnan, x) : all_of(x, false);
}
Tensor isinf(const Tensor& x) {
  return is_floating(x.dtype()) ? predicate("isinf", Predicate::isinf, x) : all_of(x, false);
}
Tensor isfinite(const Tensor& x) {
  return is_floating(x.dtype()) ? predicate("isfinite", Predicate::isfinite, x) : all_of(x, true);
}

Tensor isposinf(const Tensor& x) {
  return is_floating(x.dtype()) ? compare("isposinf", Compare::eq, x, HUGE_VAL) : all_of(x, false);
}
Tensor isneginf(const Tensor& x) {
  return is_floating(x.dtype()) ? compare("isneginf", Compare::eq, x, -HUGE_VAL) : all_of(x, false);
}
Tensor signbit(const Tensor& x) {
  return is_floating(x.dtype()) ? predicate("signbit", Predicate::signbit, x)
                                : compare("signbit", Compare::lt, x, 0);
}

Tensor isclose(const Tensor& a, const Tensor& b, double rtol, double atol, bool equal_nan) {
  if (!(rtol >= 0 && atol >= 0))
    throw ValueError(
        fmt::format("isclose: rtol is {} and atol {}; they must not be negative", rtol, atol));
  const NoGradGuard off;
  Tensor close = compare("isclose", Compare::eq, a, b);
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

Tensor logical_not(const Tensor& x) { return compare("logical_not", Compare::eq, x, false); }
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
  return x.dtype() == boolean
             ? logical_not(x)
             : detail::elementwise(
                   [](const Tensor& t) {
                     return core::unary("bitwise_not", kernels::Unary::bitwise_not, t);
                   },
                   x);
}
Tensor bitwise_and(const Tensor& a, const Tensor& b) {
  return binary("bitwise_and", Binary::bitwise_and, a, b);
}
Tensor bitwise_or(const Tensor& a, const Tensor& b) {
  return binary("bitwise_or", Binary::bitwise_or, a, b);
}
Tensor bitwise_xor(const Tensor& a, const Tensor& b) {
  return binary("bitwise_xor", Binary::bitwise_xor, a, b);
}
Tensor bitwise_left_shift(const Tensor& a, const Tensor& b) {
  return binary("bitwise_left_shift", Binary::left_shift, a, b);
}
Tensor bitwise_right_shift(const Tensor& a, const Tensor& b) {
  return binary("bitwise_right_shift", Binary::right_shift, a, b);
}

Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b) {
  return apply<Where>(condition, a, b);
}

Tensor Tensor::where(const Tensor& condition, const Tensor& other) const {
  return tapehead::where(condition, *this, other);
}

}  // namespace tapehead
