// add, sub, mul, div, neg.
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"

namespace tapehead {
namespace {

using kernels::Binary;

struct Add : CustomOp {
  static constexpr const char* kName = "add";
  Tensor forward(const Tensor& a, const Tensor& b) { return core::binary(kName, Binary::add, a, b); }
  std::array<Tensor, 2> backward(const Tensor& dy) const { return {dy, dy}; }
};

struct Sub : CustomOp {
  static constexpr const char* kName = "sub";
  Tensor forward(const Tensor& a, const Tensor& b) { return core::binary(kName, Binary::sub, a, b); }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {dy, needs_grad(1) ? -dy : Tensor()};
  }
};

struct Mul : CustomOp {
  static constexpr const char* kName = "mul";
  Tensor forward(const Tensor& a, const Tensor& b) {
    save(a), save(b);
    return core::binary(kName, Binary::mul, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    return {needs_grad(0) ? dy * saved(1) : Tensor(), needs_grad(1) ? dy * saved(0) : Tensor()};
  }
};

struct Div : CustomOp {
  static constexpr const char* kName = "div";
  Tensor forward(const Tensor& a, const Tensor& b) {
    save(a), save(b);
    if (is_floating(core::result_type(a, b))) return core::binary(kName, Binary::div, a, b);
    return core::binary(kName, Binary::div, core::cast(a, f32), core::cast(b, f32));
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor da = dy / saved(1);
    return {da, needs_grad(1) ? -da * saved(0) / saved(1) : Tensor()};
  }
};

struct Neg : CustomOp {
  static constexpr const char* kName = "neg";
  Tensor forward(const Tensor& x) { return core::unary(kName, kernels::Unary::neg, x); }
  Tensor backward(const Tensor& dy) const { return -dy; }
};

}  // namespace

Tensor add(const Tensor& a, const Tensor& b) { return apply<Add>(a, b); }
Tensor sub(const Tensor& a, const Tensor& b) { return apply<Sub>(a, b); }
Tensor mul(const Tensor& a, const Tensor& b) { return apply<Mul>(a, b); }
Tensor div(const Tensor& a, const Tensor& b) { return apply<Div>(a, b); }
Tensor neg(const Tensor& x) { return apply<Neg>(x); }

}  // namespace tapehead
