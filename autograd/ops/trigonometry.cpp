// asin, acos, atan, atan2, sinh, cosh, asinh, acosh, atanh, sinc, hypot, deg2rad, rad2deg.
#include "tapehead/autograd/ops/trigonometry.h"

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead {
namespace {

using kernels::Gradient;
using kernels::Ternary;
using kernels::Unary;

constexpr double kPi = 3.141592653589793;

struct Asin : BroadcastingOp {
  static constexpr const char* kName = "asin";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::asin, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::asin, dy, x);
    return dy * rsqrt((1 - x) * (1 + x));
  }
};

struct Acos : BroadcastingOp {
  static constexpr const char* kName = "acos";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::acos, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::acos, dy, x);
    return -dy * rsqrt((1 - x) * (1 + x));
  }
};

struct Atan : BroadcastingOp {
  static constexpr const char* kName = "atan";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::atan, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::atan, dy, x);
    return dy / (square(x) + 1);
  }
};

struct Sinh : BroadcastingOp {
  static constexpr const char* kName = "sinh";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::sinh, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::sinh, dy, x);
    return dy * cosh(x);
  }
};

struct Cosh : BroadcastingOp {
  static constexpr const char* kName = "cosh";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::cosh, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::cosh, dy, x);
    return dy * sinh(x);
  }
};

struct Asinh : BroadcastingOp {
  static constexpr const char* kName = "asinh";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::asinh, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::asinh, dy, x);
    return dy * rsqrt(square(x) + 1);
  }
};

struct Acosh : BroadcastingOp {
  static constexpr const char* kName = "acosh";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::acosh, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::acosh, dy, x);
    return dy * rsqrt((x - 1) * (x + 1));
  }
};

struct Atanh : BroadcastingOp {
  static constexpr const char* kName = "atanh";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::atanh, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::atanh, dy, x);
    return dy / ((1 - x) * (1 + x));
  }
};

struct Atan2 : BroadcastingOp {
  static constexpr const char* kName = "atan2";
  Tensor forward(const Tensor& y, const Tensor& x) {
    save(y), save(x);
    return core::floating_binary(kName, kernels::Binary::atan2, y, x);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor y = saved(0), x = saved(1);
    std::array<Tensor, 2> grads;
    if (is_grad_enabled()) {
      const Tensor over_square = dy / (square(x) + square(y));
      if (needs_grad(0)) grads[0] = over_square * x;
      if (needs_grad(1)) grads[1] = -over_square * y;
      return grads;
    }
    if (needs_grad(0)) grads[0] = core::ternary(kName, Ternary::atan2_gradient, dy, x, y, {1});
    if (needs_grad(1)) grads[1] = core::ternary(kName, Ternary::atan2_gradient, dy, y, x, {-1});
    return grads;
  }
};

// The derivative of sinc. It is an op of its own for the sake of its own derivative, in which the
// terms of order 1 / x^2 cancel at 0.
struct SincSlope : BroadcastingOp {
  static constexpr const char* kName = "sinc";
  Tensor forward(const Tensor& x) {
    return save(core::gradient(Gradient::sinc, core::full(Shape(), 1, x.dtype()), save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0), at_zero = x == 0;
    const Tensor by_x = where(at_zero, -kPi * kPi / 3, saved(1) / where(at_zero, 1, x));
    return dy * (-kPi * kPi * sinc(x) - 2 * by_x);
  }
};

struct Sinc : BroadcastingOp {
  static constexpr const char* kName = "sinc";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::sinc, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::sinc, dy, saved(0));
    return dy * apply<SincSlope>(saved(0));
  }
};

struct Hypot : BroadcastingOp {
  static constexpr const char* kName = "hypot";
  Tensor forward(const Tensor& x, const Tensor& y) {
    save(x), save(y);
    return save(core::floating_binary(kName, kernels::Binary::hypot, x, y));
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {needs_grad(0) ? of_side(dy, saved(0)) : Tensor(),
            needs_grad(1) ? of_side(dy, saved(1)) : Tensor()};
  }

 private:
  Tensor of_side(const Tensor& dy, const Tensor& x) const {
    const Tensor length = saved(2);
    if (!is_grad_enabled()) return core::ternary(kName, Ternary::hypot_gradient, dy, x, length);
    return dy * (x / where(length == 0, 1, length));
  }
};

}  // namespace

Tensor asin(const Tensor& x) { return apply<Asin>(x); }
Tensor acos(const Tensor& x) { return apply<Acos>(x); }
Tensor atan(const Tensor& x) { return apply<Atan>(x); }
Tensor atan2(const Tensor& y, const Tensor& x) { return apply<Atan2>(y, x); }
Tensor sinh(const Tensor& x) { return apply<Sinh>(x); }
Tensor cosh(const Tensor& x) { return apply<Cosh>(x); }
Tensor asinh(const Tensor& x) { return apply<Asinh>(x); }
Tensor acosh(const Tensor& x) { return apply<Acosh>(x); }
Tensor atanh(const Tensor& x) { return apply<Atanh>(x); }
Tensor sinc(const Tensor& x) { return apply<Sinc>(x); }
Tensor hypot(const Tensor& x, const Tensor& y) { return apply<Hypot>(x, y); }
Tensor deg2rad(const Tensor& x) { return x * (kPi / 180); }
Tensor rad2deg(const Tensor& x) { return x * (180 / kPi); }

}  // namespace tapehead
