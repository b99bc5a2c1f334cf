// floor, ceil, round, trunc, frac, sign, floor_divide, remainder, fmod, copysign, heaviside.
#include "tapehead/autograd/ops/rounding.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead {
namespace {

using kernels::Binary;
using kernels::Unary;

// Integers are returned as a copy.
Tensor round_by(const char* op, Unary kernel, const Tensor& x) {
  if (!is_integral(x.dtype())) return core::unary(op, kernel, x);
  Tensor out = core::empty_like(x);
  core::copy_into(out, x);
  return out;
}

// Base of piecewise constant functions.
struct Constant : BroadcastingOp {
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

struct RoundDecimals : Constant {
  static constexpr const char* kName = "round";
  Tensor forward(const Tensor& x, int64_t decimals) {
    return core::activation(kName, kernels::Activation::round_decimals, x,
                            {std::pow(10.0, std::abs(decimals)), decimals < 0 ? -1.0 : 1.0});
  }
};

Tensor divide(const char* op, Binary kernel, const Tensor& a, const Tensor& b) {
  if (is_integral(core::result_type(a, b))) {
    const Tensor zeros = core::compare(op, kernels::Compare::eq, b, 0);
    if (std::memchr(zeros.raw(), 1, static_cast<size_t>(zeros.numel())))
      throw ValueError(
          fmt::format("{}: the divisor {} contains a 0, but integers cannot be divided by 0; "
                      "convert with to(f32)",
                      op, core::describe(b)));
  }
  return core::binary(op, kernel, a, b);
}

struct FloorDivide : BroadcastingOp {
  static constexpr const char* kName = "floor_divide";
  Tensor forward(const Tensor& a, const Tensor& b) {
    return divide(kName, Binary::floor_divide, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {zeros_like(dy), zeros_like(dy)};
  }
};

struct Remainder : BroadcastingOp {
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

struct TruncDivide : BroadcastingOp {
  static constexpr const char* kName = "div";
  Tensor forward(const Tensor& a, const Tensor& b) {
    return divide(kName, Binary::trunc_divide, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {zeros_like(dy), zeros_like(dy)};
  }
};

struct Fmod : BroadcastingOp {
  static constexpr const char* kName = "fmod";
  Tensor forward(const Tensor& a, const Tensor& b) {
    save(b.requires_grad() ? a : Tensor());
    save(b);
    return divide(kName, Binary::fmod, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {dy, needs_grad(1) ? -dy * div(saved(0), saved(1), RoundingMode::trunc) : Tensor()};
  }
};

struct Frac : BroadcastingOp {
  static constexpr const char* kName = "frac";
  Tensor forward(const Tensor& x) { return core::unary(kName, Unary::frac, x); }
  Tensor backward(const Tensor& dy) const { return dy; }
};

struct Copysign : BroadcastingOp {
  static constexpr const char* kName = "copysign";
  Tensor forward(const Tensor& x, const Tensor& other) {
    save(x), save(other);
    return core::floating_binary(kName, Binary::copysign, x, other);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {needs_grad(0) ? dy * sign(saved(0)) * copysign(1.0, saved(1)) : Tensor(),
            needs_grad(1) ? zeros_like(dy) : Tensor()};
  }
};

struct Heaviside : BroadcastingOp {
  static constexpr const char* kName = "heaviside";
  Tensor forward(const Tensor& x, const Tensor& values) {
    save(x);
    const Tensor step = core::cast(core::compare(kName, kernels::Compare::lt, 0, x), x.dtype());
    return core::where(kName, core::compare(kName, kernels::Compare::ne, x, 0), step, values);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {zeros_like(dy), needs_grad(1) ? where(saved(0) == 0, dy, 0) : Tensor()};
  }
};

}  // namespace

Tensor floor(const Tensor& x) { return apply<Floor>(x); }
Tensor ceil(const Tensor& x) { return apply<Ceil>(x); }
Tensor round(const Tensor& x) { return apply<Round>(x); }
Tensor round(const Tensor& x, int64_t decimals) {
  if (!is_floating(x.dtype()))
    throw DTypeError(
        fmt::format("round: expected a floating tensor for decimals = {}, got {}; "
                    "convert with to(f32)",
                    decimals, core::describe(x)));
  return apply<RoundDecimals>(x, decimals);
}
Tensor trunc(const Tensor& x) { return apply<Trunc>(x); }
Tensor frac(const Tensor& x) { return apply<Frac>(x); }
Tensor sign(const Tensor& x) { return apply<Sign>(x); }
Tensor floor_divide(const Tensor& a, const Tensor& b) { return apply<FloorDivide>(a, b); }
Tensor remainder(const Tensor& a, const Tensor& b) { return apply<Remainder>(a, b); }
Tensor div(const Tensor& a, const Tensor& b, RoundingMode rounding_mode) {
  if (rounding_mode == RoundingMode::none) return div(a, b);
  return rounding_mode == RoundingMode::floor ? floor_divide(a, b) : apply<TruncDivide>(a, b);
}
Tensor fmod(const Tensor& a, const Tensor& b) { return apply<Fmod>(a, b); }
Tensor copysign(const Tensor& x, const Tensor& sign) { return apply<Copysign>(x, sign); }
Tensor heaviside(const Tensor& x, const Tensor& values) { return apply<Heaviside>(x, values); }

}  // namespace tapehead
