// Piecewise linear and quadratic activations: hardtanh, relu6, hardsigmoid, hardswish, hardshrink,
// softshrink, tanhshrink, threshold.
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead {
namespace {

using kernels::Activation;
using kernels::Gradient;

struct Hardtanh : BroadcastingOp {
  static constexpr const char* kName = "hardtanh";
  double low = 0, high = 0;
  Tensor forward(const Tensor& x, double from, double to) {
    low = from;
    high = to;
    return core::activation(kName, Activation::hardtanh, save(x), {low, high});
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::hardtanh, dy, x, {low, high});
    return where((x > low) & (x < high), dy, 0);
  }
};

struct Relu6 : BroadcastingOp {
  static constexpr const char* kName = "relu6";
  Tensor forward(const Tensor& x) {
    return core::activation(kName, Activation::hardtanh, save(x), {0, 6});
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::hardtanh, dy, x, {0, 6});
    return where((x > 0) & (x < 6), dy, 0);
  }
};

struct Hardsigmoid : BroadcastingOp {
  static constexpr const char* kName = "hardsigmoid";
  Tensor forward(const Tensor& x) {
    return core::activation(kName, Activation::hardsigmoid, save(x));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::hardsigmoid, dy, x);
    return where((x > -3) & (x < 3), dy / 6, 0);
  }
};

struct Hardswish : BroadcastingOp {
  static constexpr const char* kName = "hardswish";
  Tensor forward(const Tensor& x) {
    return core::activation(kName, Activation::hardswish, save(x));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::hardswish, dy, x);
    return where(x <= -3, 0, where(x < 3, dy * (x / 3 + 0.5), dy));
  }
};

struct Hardshrink : BroadcastingOp {
  static constexpr const char* kName = "hardshrink";
  double lambd = 0;
  Tensor forward(const Tensor& x, double limit) {
    lambd = limit;
    return core::activation(kName, Activation::hardshrink, save(x), {lambd});
  }
  Tensor backward(const Tensor& dy) const { return of_outside(dy, saved(0), lambd); }

  // The derivative of both shrinks.
  static Tensor of_outside(const Tensor& dy, const Tensor& x, double limit) {
    if (!is_grad_enabled()) return core::gradient(Gradient::shrink, dy, x, {limit});
    return where((x >= -limit) & (x <= limit), 0, dy);
  }
};

struct Softshrink : BroadcastingOp {
  static constexpr const char* kName = "softshrink";
  double lambd = 0;
  Tensor forward(const Tensor& x, double limit) {
    lambd = limit;
    return core::activation(kName, Activation::softshrink, save(x), {lambd});
  }
  Tensor backward(const Tensor& dy) const { return Hardshrink::of_outside(dy, saved(0), lambd); }
};

struct Tanhshrink : BroadcastingOp {
  static constexpr const char* kName = "tanhshrink";
  Tensor forward(const Tensor& x) {
    return core::activation(kName, Activation::tanhshrink, save(x));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::tanhshrink, dy, saved(0));
    return dy * square(tanh(saved(0)));
  }
};

struct Threshold : BroadcastingOp {
  static constexpr const char* kName = "threshold";
  double limit = 0;
  Tensor forward(const Tensor& x, double threshold, double value) {
    limit = threshold;
    return core::activation(kName, Activation::threshold, save(x), {limit, value});
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::threshold, dy, x, {limit});
    return where(x <= limit, 0, dy);
  }
};

}  // namespace

Tensor hardtanh(const Tensor& x, double low, double high) {
  if (!(low < high))
    throw ValueError(
        fmt::format("hardtanh: low is {} and high {}; low must be below high", low, high));
  return apply<Hardtanh>(x, low, high);
}
Tensor relu6(const Tensor& x) { return apply<Relu6>(x); }
Tensor hardsigmoid(const Tensor& x) { return apply<Hardsigmoid>(x); }
Tensor hardswish(const Tensor& x) { return apply<Hardswish>(x); }
Tensor hardshrink(const Tensor& x, double lambd) { return apply<Hardshrink>(x, lambd); }
Tensor softshrink(const Tensor& x, double lambd) {
  if (!(lambd >= 0))
    throw ValueError(fmt::format("softshrink: lambd is {}; it must not be negative", lambd));
  return apply<Softshrink>(x, lambd);
}
Tensor tanhshrink(const Tensor& x) { return apply<Tanhshrink>(x); }
Tensor threshold(const Tensor& x, double threshold, double value) {
  return apply<Threshold>(x, threshold, value);
}

}  // namespace tapehead
