// exp, expm1, log, log1p, sin, cos, erf, abs.
#ifndef TAPEHEAD_ROWS
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead {
namespace {

using kernels::Gradient;
using kernels::Unary;

struct Exp : CustomOp {
  static constexpr const char* kName = "exp";
  Tensor forward(const Tensor& x) {
    return save(core::unary(kName, Unary::exp, core::floating(x)));
  }
  Tensor backward(const Tensor& dy) const { return dy * saved(0); }
};

struct Expm1 : CustomOp {
  static constexpr const char* kName = "expm1";
  Tensor forward(const Tensor& x) {
    return save(core::unary(kName, Unary::expm1, core::floating(x)));
  }
  Tensor backward(const Tensor& dy) const { return dy * (saved(0) + 1); }
};

struct Log : CustomOp {
  static constexpr const char* kName = "log";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::log, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const { return dy / saved(0); }
};

struct Log1p : CustomOp {
  static constexpr const char* kName = "log1p";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::log1p, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const { return dy / (saved(0) + 1); }
};

struct Sin : CustomOp {
  static constexpr const char* kName = "sin";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::sin, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!grad_enabled()) return core::gradient(Gradient::sin, dy, saved(0));
    return dy * cos(saved(0));
  }
};

struct Cos : CustomOp {
  static constexpr const char* kName = "cos";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::cos, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!grad_enabled()) return core::gradient(Gradient::cos, dy, saved(0));
    return -dy * sin(saved(0));
  }
};

struct Erf : CustomOp {
  static constexpr const char* kName = "erf";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::erf, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!grad_enabled()) return core::gradient(Gradient::erf, dy, saved(0));
    constexpr double kTwoByRootPi = 1.1283791670955126;
    return kTwoByRootPi * dy * exp(-square(saved(0)));
  }
};

struct Abs : CustomOp {
  static constexpr const char* kName = "abs";
  Tensor forward(const Tensor& x) { return core::unary(kName, Unary::abs, save(x)); }
  Tensor backward(const Tensor& dy) const {
    if (!grad_enabled()) return core::gradient(Gradient::abs, dy, saved(0));
    return dy * sign(saved(0));
  }
};

}  // namespace

Tensor exp(const Tensor& x) { return apply<Exp>(x); }
Tensor expm1(const Tensor& x) { return apply<Expm1>(x); }
Tensor log(const Tensor& x) { return apply<Log>(x); }
Tensor log1p(const Tensor& x) { return apply<Log1p>(x); }
Tensor sin(const Tensor& x) { return apply<Sin>(x); }
Tensor cos(const Tensor& x) { return apply<Cos>(x); }
Tensor erf(const Tensor& x) { return apply<Erf>(x); }
Tensor abs(const Tensor& x) { return apply<Abs>(x); }

}  // namespace tapehead

#else  // TAPEHEAD_ROWS
#include "tapehead/tests/op_row.h"

namespace tapehead::rows {

TAPEHEAD_ROW(exp).unary(exp, std::exp);
TAPEHEAD_ROW(expm1).unary(expm1, std::expm1);
TAPEHEAD_ROW(log).unary(log, std::log, {0.1, 4});
TAPEHEAD_ROW(log1p).unary(log1p, std::log1p, {-0.8, 4});
TAPEHEAD_ROW(sin).unary(sin, std::sin, {-9, 9});
TAPEHEAD_ROW(cos).unary(cos, std::cos, {-9, 9});
TAPEHEAD_ROW(erf).unary(erf, std::erf);
TAPEHEAD_ROW(abs)
    .unary(abs, std::abs, {.away_from_zero = 0.1})
    .corners(abs, {-1, 0, 2})
    .bad<DTypeError>([] { abs(core::full({2}, 1, boolean)); },
                     "abs: [2] bool is not a type it takes; convert with to(f32)");

}  // namespace tapehead::rows
#endif
