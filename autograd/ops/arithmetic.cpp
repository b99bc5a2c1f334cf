// add, sub, mul, div, neg, lerp, addcmul, addcdiv.
#include "tapehead/autograd/ops/arithmetic.h"

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead {
namespace {

using kernels::Binary;

struct Add : BroadcastingOp {
  static constexpr const char* kName = "add";
  Tensor forward(const Tensor& a, const Tensor& b) {
    return core::binary(kName, Binary::add, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const { return {dy, dy}; }
};

struct Sub : BroadcastingOp {
  static constexpr const char* kName = "sub";
  Tensor forward(const Tensor& a, const Tensor& b) {
    return core::binary(kName, Binary::sub, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {dy, needs_grad(1) ? -dy : Tensor()};
  }
};

struct Mul : BroadcastingOp {
  static constexpr const char* kName = "mul";
  Tensor forward(const Tensor& a, const Tensor& b) {
    // Each operand is only needed for the gradient of the other.
    save(b.requires_grad() ? a : Tensor());
    save(a.requires_grad() ? b : Tensor());
    return core::binary(kName, Binary::mul, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {needs_grad(0) ? dy * saved(1) : Tensor(), needs_grad(1) ? dy * saved(0) : Tensor()};
  }
};

Tensor gradient_of_divisor(const Tensor& dy, const Tensor& a, const Tensor& b) {
  if (!is_grad_enabled()) return core::ternary("div", kernels::Ternary::div_gradient, dy, a, b);
  return -(dy / b) * (a / b);
}

struct Div : BroadcastingOp {
  static constexpr const char* kName = "div";
  Tensor forward(const Tensor& a, const Tensor& b) {
    save(b.requires_grad() ? a : Tensor());
    save(b);
    return core::floating_binary(kName, Binary::div, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor b = saved(1);
    return {needs_grad(0) ? dy / b : Tensor(),
            needs_grad(1) ? gradient_of_divisor(dy, saved(0), b) : Tensor()};
  }
};

struct Neg : BroadcastingOp {
  static constexpr const char* kName = "neg";
  Tensor forward(const Tensor& x) { return core::unary(kName, kernels::Unary::neg, x); }
  Tensor backward(const Tensor& dy) const { return -dy; }
};

struct Lerp : BroadcastingOp {
  static constexpr const char* kName = "lerp";
  Tensor forward(const Tensor& a, const Tensor& b, const Tensor& weight) {
    save(weight);
    save(weight.requires_grad() ? a : Tensor());
    save(weight.requires_grad() ? b : Tensor());
    return core::ternary(kName, kernels::Ternary::lerp, a, b, weight);
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    const Tensor weight = saved(0);
    return {needs_grad(0) ? dy * (1 - weight) : Tensor(), needs_grad(1) ? dy * weight : Tensor(),
            needs_grad(2) ? dy * (saved(2) - saved(1)) : Tensor()};
  }
};

Tensor scaled_product(const Tensor& dy, const Tensor& b, double value) {
  if (!is_grad_enabled()) return core::gradient(kernels::Gradient::product, dy, b, {value});
  return dy * (value * b);
}

struct Addcmul : BroadcastingOp {
  static constexpr const char* kName = "addcmul";
  double value = 1;
  Tensor forward(const Tensor& x, const Tensor& a, const Tensor& b, double factor) {
    value = factor;
    save(b.requires_grad() ? a : Tensor());
    save(a.requires_grad() ? b : Tensor());
    return core::ternary(kName, kernels::Ternary::addcmul, x, a, b, {value});
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    return {dy, needs_grad(1) ? scaled_product(dy, saved(1), value) : Tensor(),
            needs_grad(2) ? scaled_product(dy, saved(0), value) : Tensor()};
  }
};

struct Addcdiv : BroadcastingOp {
  static constexpr const char* kName = "addcdiv";
  double value = 1;
  Tensor forward(const Tensor& x, const Tensor& a, const Tensor& b, double factor) {
    value = factor;
    save(b.requires_grad() ? a : Tensor());
    save(b);
    return core::ternary(kName, kernels::Ternary::addcdiv, x, a, b, {value});
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    const Tensor b = saved(1);
    const bool any = needs_grad(1) || needs_grad(2);
    const Tensor scaled = any && value != 1 ? value * dy : dy;
    return {dy, needs_grad(1) ? scaled / b : Tensor(),
            needs_grad(2) ? gradient_of_divisor(scaled, saved(0), b) : Tensor()};
  }
};

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) { return apply<Add>(a, b); }
Tensor sub(const Tensor& a, const Tensor& b) { return apply<Sub>(a, b); }
Tensor mul(const Tensor& a, const Tensor& b) { return apply<Mul>(a, b); }
Tensor div(const Tensor& a, const Tensor& b) { return apply<Div>(a, b); }
Tensor neg(const Tensor& x) { return apply<Neg>(x); }
Tensor lerp(const Tensor& a, const Tensor& b, const Tensor& weight) {
  return apply<Lerp>(a, b, weight);
}
Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, double value) {
  return apply<Addcmul>(x, a, b, value);
}
Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, double value) {
  return apply<Addcdiv>(x, a, b, value);
}

}  // namespace tapehead
