// exp, exp2, expm1, log, log2, log10, log1p, sin, cos, tan, erf, abs.
#include "tapehead/autograd/ops/elementary.h"

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead {
namespace {

using kernels::Gradient;
using kernels::Unary;

constexpr double kLn2 = 0.6931471805599453, kLn10 = 2.302585092994046;

struct Exp : BroadcastingOp {
  static constexpr const char* kName = "exp";
  Tensor forward(const Tensor& x) {
    return save(core::unary(kName, Unary::exp, core::floating(x)));
  }
  Tensor backward(const Tensor& dy) const { return dy * saved(0); }
};

struct Exp2 : BroadcastingOp {
  static constexpr const char* kName = "exp2";
  Tensor forward(const Tensor& x) {
    return save(core::unary(kName, Unary::exp2, core::floating(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::product, dy, saved(0), {kLn2});
    return dy * (kLn2 * saved(0));
  }
};

struct Expm1 : BroadcastingOp {
  static constexpr const char* kName = "expm1";
  Tensor forward(const Tensor& x) {
    return save(core::unary(kName, Unary::expm1, core::floating(x)));
  }
  Tensor backward(const Tensor& dy) const { return dy * (saved(0) + 1); }
};

struct Log : BroadcastingOp {
  static constexpr const char* kName = "log";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::log, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const { return dy / saved(0); }
};

struct Log2 : BroadcastingOp {
  static constexpr const char* kName = "log2";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::log2, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::quotient, dy, saved(0), {kLn2});
    return dy / (kLn2 * saved(0));
  }
};

struct Log10 : BroadcastingOp {
  static constexpr const char* kName = "log10";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::log10, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::quotient, dy, saved(0), {kLn10});
    return dy / (kLn10 * saved(0));
  }
};

struct Log1p : BroadcastingOp {
  static constexpr const char* kName = "log1p";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::log1p, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const { return dy / (saved(0) + 1); }
};

struct Sin : BroadcastingOp {
  static constexpr const char* kName = "sin";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::sin, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::sin, dy, saved(0));
    return dy * cos(saved(0));
  }
};

struct Cos : BroadcastingOp {
  static constexpr const char* kName = "cos";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::cos, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::cos, dy, saved(0));
    return -dy * sin(saved(0));
  }
};

struct Tan : BroadcastingOp {
  static constexpr const char* kName = "tan";
  Tensor forward(const Tensor& x) {
    return save(core::unary(kName, Unary::tan, core::floating(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::tan_of_result, dy, saved(0));
    return dy * (square(saved(0)) + 1);
  }
};

struct Erf : BroadcastingOp {
  static constexpr const char* kName = "erf";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::erf, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::erf, dy, saved(0));
    constexpr double kTwoByRootPi = 1.1283791670955126;
    return kTwoByRootPi * dy * exp(-square(saved(0)));
  }
};

struct Abs : BroadcastingOp {
  static constexpr const char* kName = "abs";
  Tensor forward(const Tensor& x) { return core::unary(kName, Unary::abs, save(x)); }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::abs, dy, saved(0));
    return dy * sign(saved(0));
  }
};

}  // namespace

Tensor exp(const Tensor& x) { return apply<Exp>(x); }
Tensor exp2(const Tensor& x) { return apply<Exp2>(x); }
Tensor expm1(const Tensor& x) { return apply<Expm1>(x); }
Tensor log(const Tensor& x) { return apply<Log>(x); }
Tensor log2(const Tensor& x) { return apply<Log2>(x); }
Tensor log10(const Tensor& x) { return apply<Log10>(x); }
Tensor log1p(const Tensor& x) { return apply<Log1p>(x); }
Tensor sin(const Tensor& x) { return apply<Sin>(x); }
Tensor cos(const Tensor& x) { return apply<Cos>(x); }
Tensor tan(const Tensor& x) { return apply<Tan>(x); }
Tensor erf(const Tensor& x) { return apply<Erf>(x); }
Tensor abs(const Tensor& x) { return apply<Abs>(x); }

}  // namespace tapehead
