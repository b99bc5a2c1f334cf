// floor, ceil, round, trunc, sign, floor_divide, remainder.
#ifndef TAPEHEAD_ROWS
#include <fmt/format.h>

#include <cstring>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using kernels::Binary;
using kernels::Unary;

Tensor zeros_like(const Tensor& x) { return core::full(x.shape(), 0, x.dtype()); }

// What rounds; integers are as round as they get.
Tensor round_by(const char* op, Unary kernel, const Tensor& x) {
  if (!is_integral(x.dtype())) return core::unary(op, kernel, x);
  Tensor out = core::empty_like(x);
  core::copy_into(out, x);
  return out;
}

// Piecewise constant functions.
struct Constant : CustomOp {
  Tensor backward(const Tensor& dy) const { return zeros_like(dy); }
};
struct Floor : Constant {
  static constexpr const char* kName = "floor";
  Tensor forward(const Tensor& x) { return round_by(kName, Unary::floor, x); }
};
struct Ceil : Constant {
  static constexpr const char* kName = "ceil";
  Tensor forward(const Tensor& x) { return round_by(kName, Unary::ceil, x); }
};
struct Round : Constant {
  static constexpr const char* kName = "round";
  Tensor forward(const Tensor& x) { return round_by(kName, Unary::round, x); }
};
struct Trunc : Constant {
  static constexpr const char* kName = "trunc";
  Tensor forward(const Tensor& x) { return round_by(kName, Unary::trunc, x); }
};
struct Sign : Constant {
  static constexpr const char* kName = "sign";
  Tensor forward(const Tensor& x) { return core::unary(kName, Unary::sign, x); }
};

Tensor divide(const char* op, Binary kernel, const Tensor& a, const Tensor& b) {
  if (is_integral(core::result_type(a, b))) {
    const Tensor zeros = core::compare(op, kernels::Compare::eq, b, 0);
    if (std::memchr(zeros.raw(), 1, static_cast<size_t>(zeros.numel())))
      throw ValueError(
          fmt::format("{}: the divisor {} has a 0, by which integers cannot be divided; "
                      "convert with to(f32)",
                      op, core::describe(b)));
  }
  return core::binary(op, kernel, a, b);
}

struct FloorDivide : CustomOp {
  static constexpr const char* kName = "floor_divide";
  Tensor forward(const Tensor& a, const Tensor& b) {
    return divide(kName, Binary::floor_divide, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {zeros_like(dy), zeros_like(dy)};
  }
};

struct Remainder : CustomOp {
  static constexpr const char* kName = "remainder";
  Tensor forward(const Tensor& a, const Tensor& b) {
    save(b.requires_grad() ? a : Tensor());
    save(b);
    return divide(kName, Binary::remainder, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {dy, needs_grad(1) ? -dy * floor_divide(saved(0), saved(1)) : Tensor()};
  }
};

}  // namespace

Tensor floor(const Tensor& x) { return apply<Floor>(x); }
Tensor ceil(const Tensor& x) { return apply<Ceil>(x); }
Tensor round(const Tensor& x) { return apply<Round>(x); }
Tensor trunc(const Tensor& x) { return apply<Trunc>(x); }
Tensor sign(const Tensor& x) { return apply<Sign>(x); }
Tensor floor_divide(const Tensor& a, const Tensor& b) { return apply<FloorDivide>(a, b); }
Tensor remainder(const Tensor& a, const Tensor& b) { return apply<Remainder>(a, b); }

}  // namespace tapehead

#else  // TAPEHEAD_ROWS
#include "tapehead/tests/op_row.h"

namespace tapehead::rows {

TAPEHEAD_ROW(floor)
    .unary(floor, std::floor, {-9, 9}, false)
    .unary(floor, std::floor, {0.1, 0.9})
    .bad<DTypeError>([] { floor(core::full({2}, 1, boolean)); },
                     "floor: [2] bool is not a type it takes; convert with to(f32)");
TAPEHEAD_ROW(ceil)
    .unary(ceil, std::ceil, {-9, 9}, false)
    .unary(ceil, std::ceil, {0.1, 0.9})
    .bad<DTypeError>([] { ceil(core::full({2}, 1, boolean)); },
                     "ceil: [2] bool is not a type it takes; convert with to(f32)");
TAPEHEAD_ROW(trunc)
    .unary(trunc, std::trunc, {-9, 9}, false)
    .unary(trunc, std::trunc, {0.1, 0.9})
    .bad<DTypeError>([] { trunc(core::full({2}, 1, boolean)); },
                     "trunc: [2] bool is not a type it takes; convert with to(f32)");
TAPEHEAD_ROW(round)
    .unary(round, std::nearbyint, {-9, 9}, false)
    .unary(round, std::nearbyint, {0.6, 1.4})
    .bad<DTypeError>([] { round(core::full({2}, 1, boolean)); },
                     "round: [2] bool is not a type it takes; convert with to(f32)");
TAPEHEAD_ROW(sign)
    .unary(sign, [](double x) -> double { return (x > 0) - (x < 0); }, {.away_from_zero = 0.1})
    .bad<DTypeError>([] { sign(core::full({2}, 1, boolean)); },
                     "sign: [2] bool is not a type it takes; convert with to(f32)");

static double modulo(double a, double b) {
  const double rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
TAPEHEAD_ROW(floor_divide)
    .binary(
        floor_divide, [](double a, double b) { return std::floor(a / b); }, {-20, 20},
        {.away_from_zero = 0.5}, false)
    .binary(floor_divide, [](double a, double b) { return std::floor(a / b); }, {4.6, 4.7},
            {1.3, 1.4})
    .bad<ValueError>(
        [] { floor_divide(core::full({2}, 1, i64), 0); },
        "floor_divide: the divisor [] i64 has a 0, by which integers cannot be divided; "
        "convert with to(f32)")
    .bad<ShapeError>(
        [] { floor_divide(core::full({2}, 1), core::full({3}, 1)); },
        "floor_divide: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in "
        "the other; sizes must be equal or 1");
TAPEHEAD_ROW(remainder)
    .binary(remainder, modulo, {-20, 20}, {.away_from_zero = 0.5}, false)
    .binary(remainder, modulo, {4.6, 4.7}, {1.3, 1.4})
    .bad<ValueError>([] { remainder(core::full({2}, 1, i32), core::full({2}, 0, i32)); },
                     "remainder: the divisor [2] i32 has a 0, by which integers cannot be divided; "
                     "convert with to(f32)")
    .bad<DTypeError>([] { remainder(core::full({2}, 1, boolean), true); },
                     "remainder: it does not take bool; convert with to(f32)");

}  // namespace tapehead::rows
#endif
