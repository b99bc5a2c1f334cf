// Smooth activations: tanh, sigmoid, log_sigmoid, softplus, silu, mish, gelu, gelu_tanh.
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
using kernels::Unary;

// Tanh and Sigmoid compute their gradients from their results.
struct Tanh : BroadcastingOp {
  static constexpr const char* kName = "tanh";
  Tensor forward(const Tensor& x) {
    return save(core::unary(kName, Unary::tanh, core::floating(x)));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor y = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::tanh_of_result, dy, y);
    return dy * (1 - square(y));
  }
};

struct Sigmoid : BroadcastingOp {
  static constexpr const char* kName = "sigmoid";
  Tensor forward(const Tensor& x) {
    return save(core::unary(kName, Unary::sigmoid, core::floating(x)));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor y = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::sigmoid_of_result, dy, y);
    return dy * (y * (1 - y));
  }
};

struct LogSigmoid : BroadcastingOp {
  static constexpr const char* kName = "log_sigmoid";
  Tensor forward(const Tensor& x) {
    return core::activation(kName, Activation::log_sigmoid, save(x));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::log_sigmoid, dy, x);
    return dy * sigmoid(-x);
  }
};

struct Softplus : BroadcastingOp {
  static constexpr const char* kName = "softplus";
  double beta = 1;
  Tensor forward(const Tensor& x, double sharpness) {
    beta = sharpness;
    return core::activation(kName, Activation::softplus, save(x), {beta});
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::softplus, dy, x, {beta});
    return dy * sigmoid(beta * x);
  }
};

struct Silu : BroadcastingOp {
  static constexpr const char* kName = "silu";
  Tensor forward(const Tensor& x) { return core::activation(kName, Activation::silu, save(x)); }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::silu, dy, x);
    const Tensor s = sigmoid(x);
    return dy * (s * (1 + x * (1 - s)));
  }
};

struct Mish : BroadcastingOp {
  static constexpr const char* kName = "mish";
  Tensor forward(const Tensor& x) { return core::activation(kName, Activation::mish, save(x)); }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::mish, dy, x);
    const Tensor t = tanh(softplus(x));
    return dy * (t + x * sigmoid(x) * (1 - square(t)));
  }
};

struct Gelu : BroadcastingOp {
  static constexpr const char* kName = "gelu";
  Tensor forward(const Tensor& x) { return core::activation(kName, Activation::gelu, save(x)); }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::gelu, dy, x);
    constexpr double kRootOfHalf = 0.7071067811865476, kByRootTwoPi = 0.3989422804014327;
    const Tensor below = 0.5 * (1 + erf(kRootOfHalf * x));
    return dy * (below + x * (kByRootTwoPi * exp(-0.5 * square(x))));
  }
};

// Computed as x sigmoid(a (x + b x^3)).
struct GeluTanh : BroadcastingOp {
  static constexpr const char* kName = "gelu_tanh";
  Tensor forward(const Tensor& x) {
    return core::activation(kName, Activation::gelu_tanh, save(x));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::gelu_tanh, dy, x);
    constexpr double kA = 1.5957691216057308, kB = 0.044715;  // a = 2 sqrt(2 / pi)
    const Tensor xx = square(x);
    const Tensor s = sigmoid(x * (kA + kA * kB * xx));
    return dy * (s + x * s * (1 - s) * (kA + 3 * kA * kB * xx));
  }
};

}  // namespace

Tensor tanh(const Tensor& x) { return apply<Tanh>(x); }
Tensor sigmoid(const Tensor& x) { return apply<Sigmoid>(x); }
Tensor log_sigmoid(const Tensor& x) { return apply<LogSigmoid>(x); }
Tensor softplus(const Tensor& x, double beta) {
  if (!(beta > 0)) throw ValueError(fmt::format("softplus: beta is {}; it must be above 0", beta));
  return apply<Softplus>(x, beta);
}
Tensor silu(const Tensor& x) { return apply<Silu>(x); }
Tensor mish(const Tensor& x) { return apply<Mish>(x); }
Tensor gelu(const Tensor& x) { return apply<Gelu>(x); }
Tensor gelu_tanh(const Tensor& x) { return apply<GeluTanh>(x); }

}  // namespace tapehead
