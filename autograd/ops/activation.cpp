// Rectifiers and softsign: relu, leaky_relu, elu, celu, selu, softsign.
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

struct Relu : BroadcastingOp {
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

struct LeakyRelu : BroadcastingOp {
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

// scale x if x > 0, else depth (exp(rate x) - 1).
struct Exponential : BroadcastingOp {
  double depth = 0, rate = 1, scale = 1;
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::elu, dy, x, {depth, rate, scale});
    const Tensor negative = x <= 0;  // the exponential of others may be infinite
    return dy * where(negative, depth * rate * exp(rate * where(negative, x, 0)), scale);
  }

 protected:
  Tensor result(const char* op, const Tensor& x) {
    return core::activation(op, Activation::elu, save(x), {depth, rate, scale});
  }
};
struct Elu : Exponential {
  static constexpr const char* kName = "elu";
  Tensor forward(const Tensor& x, double alpha) {
    depth = alpha;
    return result(kName, x);
  }
};
struct Celu : Exponential {
  static constexpr const char* kName = "celu";
  Tensor forward(const Tensor& x, double alpha) {
    depth = alpha;
    rate = 1 / alpha;
    return result(kName, x);
  }
};
struct Selu : Exponential {
  static constexpr const char* kName = "selu";
  Tensor forward(const Tensor& x) {
    scale = 1.0507009873554804934193349852946;
    depth = 1.6732632423543772848170429916717 * scale;
    return result(kName, x);
  }
};

struct Softsign : BroadcastingOp {
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
Tensor celu(const Tensor& x, double alpha) {
  if (alpha == 0) throw ValueError("celu: alpha is 0; it must not be");
  return apply<Celu>(x, alpha);
}
Tensor selu(const Tensor& x) { return apply<Selu>(x); }
Tensor softsign(const Tensor& x) { return apply<Softsign>(x); }

}  // namespace tapehead
