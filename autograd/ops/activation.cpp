// Piecewise or rational activations: relu, leaky_relu, elu, hardtanh, softsign.
#include "tapehead/autograd/ops/activation.h"

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

struct Relu : CustomOp {
  static constexpr const char* kName = "relu";
  Tensor forward(const Tensor& x) {
    if (is_integral(x.dtype())) return core::binary(kName, kernels::Binary::maximum, x, 0);
    return save(core::activation(kName, Activation::relu, x));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::relu_of_result, dy, saved(0));
    return where(saved(0) <= 0, 0, dy);
  }
};

struct LeakyRelu : CustomOp {
  static constexpr const char* kName = "leaky_relu";
  double slope = 0;
  Tensor forward(const Tensor& x, double slope_below) {
    slope = slope_below;
    return core::activation(kName, Activation::leaky_relu, save(x), {slope});
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::leaky_relu, dy, saved(0), {slope});
    return where(saved(0) > 0, dy, slope * dy);
  }
};

struct Elu : CustomOp {
  static constexpr const char* kName = "elu";
  double alpha = 0;
  Tensor forward(const Tensor& x, double depth) {
    alpha = depth;
    return core::activation(kName, Activation::elu, save(x), {alpha});
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::elu, dy, x, {alpha});
    return dy * where(x > 0, 1, alpha * exp(minimum(x, 0)));  // avoids inf where x > 0
  }
};

struct Hardtanh : CustomOp {
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

struct Softsign : CustomOp {
  static constexpr const char* kName = "softsign";
  Tensor forward(const Tensor& x) { return core::activation(kName, Activation::softsign, save(x)); }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::softsign, dy, x);
    return dy / square(1 + abs(x));
  }
};

}  // namespace

Tensor relu(const Tensor& x) { return apply<Relu>(x); }
Tensor leaky_relu(const Tensor& x, double slope) { return apply<LeakyRelu>(x, slope); }
Tensor elu(const Tensor& x, double alpha) { return apply<Elu>(x, alpha); }
Tensor hardtanh(const Tensor& x, double low, double high) {
  if (!(low < high))
    throw ValueError(
        fmt::format("hardtanh: low is {} and high {}; low must be below high", low, high));
  return apply<Hardtanh>(x, low, high);
}
Tensor softsign(const Tensor& x) { return apply<Softsign>(x); }

}  // namespace tapehead
