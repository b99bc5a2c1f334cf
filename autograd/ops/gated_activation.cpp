// Activations with a gate or a weight: prelu, rrelu, glu.
#include <fmt/format.h>

#include <vector>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/axis_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead {
namespace {

using kernels::Binary;
using kernels::Ternary;

// The weight broadcasts to x.
struct Prelu : BroadcastingOp {
  static constexpr const char* kName = "prelu";
  Tensor forward(const Tensor& x, const Tensor& weight) {
    save(x), save(weight);
    return core::binary(kName, Binary::prelu, x, weight);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor x = saved(0), weight = saved(1);
    std::array<Tensor, 2> grads;
    if (is_grad_enabled()) {
      if (needs_grad(0)) grads[0] = where(x > 0, dy, weight * dy);
      if (needs_grad(1)) grads[1] = where(x > 0, 0, dy * x);
      return grads;
    }
    if (needs_grad(0)) grads[0] = core::ternary(kName, Ternary::prelu_gradient, dy, x, weight);
    if (needs_grad(1)) grads[1] = core::gradient(kernels::Gradient::prelu_weight, dy, x);
    return grads;
  }
};

// Both halves of x are read, and those of its gradient written, in place.
struct Glu : AxisOp {
  static constexpr const char* kName = "glu";
  int axis = 0;
  Tensor forward(const Tensor& x, int along) {
    axis = along;
    save(x);
    return core::binary(kName, Binary::glu, half(x, 0), half(x, 1));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0), a = half(x, 0), b = half(x, 1);
    if (is_grad_enabled()) {
      const Tensor gate = sigmoid(b);
      return cat({dy * gate, dy * a * (gate * (1 - gate))}, axis);
    }
    Tensor dx = core::empty(x.shape(), x.dtype());
    const Tensor da = half(dx, 0), db = half(dx, 1);
    const Tensor* of_a[] = {&da, &dy, &b};
    core::run_loop(kernels::loop(Binary::glu, x.dtype()), of_a);
    const Tensor* of_b[] = {&db, &dy, &a, &b};
    core::run_loop(kernels::loop(Ternary::glu_gradient, x.dtype()), of_b);
    return dx;
  }

 private:
  Tensor half(const Tensor& x, int which) const {
    const int64_t size = x.size(axis) / 2;
    return slice(x, axis, which * size, (which + 1) * size);
  }
};

}  // namespace

Tensor prelu(const Tensor& given_x, const Tensor& given_weight) {
  core::check_floating("prelu", given_x);
  const DType dtype = detail::autocasts(given_x, given_weight)
                          ? detail::autocast_mode
                          : core::result_type(given_x, given_weight);
  const Tensor x = given_x.to(dtype), weight = given_weight.to(dtype);
  if (weight.numel() == 1 && weight.dim() <= 1) return apply<Prelu>(x, reshape(weight, {}));
  const int64_t channels = x.dim() < 2 ? 1 : x.size(1);
  if (weight.dim() != 1 || weight.size(0) != channels)
    throw ShapeError(
        fmt::format("prelu: the weight is {}; for x {} it must be [], [1] or [{}], "
                    "one for each position of axis 1",
                    weight.shape().str(), x.shape().str(), channels));
  std::vector<int64_t> sizes(static_cast<size_t>(x.dim() - 1), 1);
  sizes[0] = channels;
  return apply<Prelu>(x, reshape(weight, sizes));
}

Tensor rrelu(const Tensor& x, double lower, double upper, bool training, Generator& generator) {
  if (!(lower <= upper))
    throw ValueError(
        fmt::format("rrelu: lower is {} and upper {}; lower must not be above", lower, upper));
  core::check_floating("rrelu", x);
  if (!training) return leaky_relu(x, (lower + upper) / 2);
  const Tensor slope = rand(x.shape(), x.dtype(), generator) * (upper - lower) + lower;
  return apply<Prelu>(x, slope);
}

Tensor glu(const Tensor& x, int64_t axis) {
  core::check_floating("glu", x);
  const int along = normalize_axis("glu", axis, x.dim());
  if (x.size(along) % 2 != 0)
    throw ShapeError(
        fmt::format("glu: x is {}; size({}) is {}, but it must be even, for two halves",
                    x.shape().str(), axis, x.size(along)));
  return apply<Glu>(x, along);
}

}  // namespace tapehead
