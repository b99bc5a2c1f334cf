// pow, float_power, square, sqrt, rsqrt, reciprocal.
#include "tapehead/autograd/ops/power.h"

#include <fmt/format.h>

#include <cstring>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead {
namespace {

using kernels::Gradient;
using kernels::Unary;

struct Pow : BroadcastingOp {
  static constexpr const char* kName = "pow";
  Tensor forward(const Tensor& x, const Tensor& p) {
    check_integers(x, p);
    save(x), save(p);
    Tensor y = core::binary(kName, kernels::Binary::pow, x, p);
    save(p.requires_grad() ? y : Tensor());
    return y;
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor x = saved(0), p = saved(1);
    std::array<Tensor, 2> grads;
    // For p = 0 the derivative is 0; p x^(p-1) would yield NaN at x = 0.
    if (needs_grad(0)) grads[0] = dy * (p * pow(x, lowered(p)));
    // 0^p stays 0 for p > 0, although log(0) is infinite.
    if (needs_grad(1)) grads[1] = dy * (saved(2) * log(where((x == 0) & (p >= 0), 1, x)));
    return grads;
  }

 private:
  static Tensor lowered(const Tensor& p) {
    if (!core::is_number(p)) return where(p == 0, 0, p - 1);
    const auto value = p.item<double>();
    return value == 0 ? 0 : value - 1;
  }
  static void check_integers(const Tensor& x, const Tensor& p) {
    if (!is_integral(core::result_type(x, p)) || p.dtype() == u8 || p.dtype() == boolean) return;
    const Tensor negative = core::compare(kName, kernels::Compare::lt, p, 0);
    if (std::memchr(negative.raw(), 1, static_cast<size_t>(negative.numel())))
      throw ValueError(
          fmt::format("pow: the exponent {} contains a negative number, but the base is of integer "
                      "type; convert the base with to(f32)",
                      core::describe(p)));
  }
};

struct Square : BroadcastingOp {
  static constexpr const char* kName = "square";
  Tensor forward(const Tensor& x) { return core::unary(kName, Unary::square, save(x)); }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::square, dy, saved(0));
    return dy * (2 * saved(0));
  }
};

// The following compute their gradients from their results.
struct Sqrt : BroadcastingOp {
  static constexpr const char* kName = "sqrt";
  Tensor forward(const Tensor& x) {
    return save(core::unary(kName, Unary::sqrt, core::floating(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::sqrt_of_result, dy, saved(0));
    return dy / (2 * saved(0));
  }
};

struct Rsqrt : BroadcastingOp {
  static constexpr const char* kName = "rsqrt";
  Tensor forward(const Tensor& x) {
    return save(core::unary(kName, Unary::rsqrt, core::floating(x)));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor y = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::rsqrt_of_result, dy, y);
    return -0.5 * dy * (y * y * y);
  }
};

struct Reciprocal : BroadcastingOp {
  static constexpr const char* kName = "reciprocal";
  Tensor forward(const Tensor& x) {
    return save(core::unary(kName, Unary::reciprocal, core::floating(x)));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor y = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::reciprocal_of_result, dy, y);
    return -dy * y * y;
  }
};

}  // namespace

Tensor pow(const Tensor& base, const Tensor& exponent) {
  // Special exponents have their own ops, which are exact and fast.
  if (core::is_number(exponent) && is_floating(base.dtype())) {
    const double p = exponent.item();
    if (p == 2) return square(base);
    if (p == 0.5) return sqrt(base);
    if (p == -0.5) return rsqrt(base);
    if (p == -1) return reciprocal(base);
  }
  return apply<Pow>(base, exponent);
}
Tensor float_power(const Tensor& base, const Tensor& exponent) {
  return pow(base.to(f64), core::is_number(exponent) ? exponent : exponent.to(f64));
}
Tensor square(const Tensor& x) { return apply<Square>(x); }
Tensor sqrt(const Tensor& x) { return apply<Sqrt>(x); }
Tensor rsqrt(const Tensor& x) { return apply<Rsqrt>(x); }
Tensor reciprocal(const Tensor& x) { return apply<Reciprocal>(x); }

}  // namespace tapehead
