// erfc, erfinv, lgamma, digamma, polygamma, logit, xlogy, xlog1py, logaddexp, logaddexp2.
#include "tapehead/autograd/ops/special.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead {
namespace {

using kernels::Activation;
using kernels::Binary;
using kernels::Gradient;
using kernels::Unary;

struct Erfc : BroadcastingOp {
  static constexpr const char* kName = "erfc";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::erfc, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::erfc, dy, saved(0));
    constexpr double kTwoByRootPi = 1.1283791670955126;
    return -kTwoByRootPi * dy * exp(-square(saved(0)));
  }
};

struct Erfinv : BroadcastingOp {
  static constexpr const char* kName = "erfinv";
  Tensor forward(const Tensor& x) {
    return save(core::unary(kName, Unary::erfinv, core::floating(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::erfinv_of_result, dy, saved(0));
    constexpr double kHalfRootPi = 0.886226925452758;
    return kHalfRootPi * dy * exp(square(saved(0)));
  }
};

struct Lgamma : BroadcastingOp {
  static constexpr const char* kName = "lgamma";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::lgamma, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::lgamma, dy, saved(0));
    return dy * digamma(saved(0));
  }
};

struct Digamma : BroadcastingOp {
  static constexpr const char* kName = "digamma";
  Tensor forward(const Tensor& x) {
    return core::unary(kName, Unary::digamma, core::floating(save(x)));
  }
  Tensor backward(const Tensor& dy) const {
    if (!is_grad_enabled()) return core::gradient(Gradient::digamma, dy, saved(0));
    return dy * polygamma(1, saved(0));
  }
};

struct Polygamma : BroadcastingOp {
  static constexpr const char* kName = "polygamma";
  int64_t n = 0;
  Tensor forward(const Tensor& x, int64_t order) {
    n = order;
    save(x);
    if (n == 1) return core::activation(kName, Activation::trigamma, core::floating(x));
    return core::activation(kName, Activation::polygamma, core::floating(x),
                            {static_cast<double>(n)});
  }
  Tensor backward(const Tensor& dy) const { return dy * polygamma(n + 1, saved(0)); }
};

struct Logit : BroadcastingOp {
  static constexpr const char* kName = "logit";
  double eps = -1;
  Tensor forward(const Tensor& x, double limit) {
    eps = limit;
    return core::activation(kName, Activation::logit, core::floating(save(x)), {eps});
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0);
    if (!is_grad_enabled()) return core::gradient(Gradient::logit, dy, x, {eps});
    if (eps < 0) return where((x < 0) | (x > 1), NAN, dy / (x * (1 - x)));
    const Tensor inside = (x >= eps) & (x <= 1 - eps), z = where(inside, x, 0.5);
    return where(inside, dy / (z * (1 - z)), 0);
  }
};

struct Xlogy : BroadcastingOp {
  static constexpr const char* kName = "xlogy";
  Tensor forward(const Tensor& x, const Tensor& y) {
    save(x), save(y);
    return core::floating_binary(kName, Binary::xlogy, x, y);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor x = saved(0), y = saved(1);
    std::array<Tensor, 2> grads;
    if (needs_grad(0)) {
      const Tensor at_limit = (x == 0) & (y <= 0);
      grads[0] = dy * log(where(at_limit, 1, y));
    }
    if (needs_grad(1)) grads[1] = dy * (x / y);
    return grads;
  }
};

struct Xlog1py : BroadcastingOp {
  static constexpr const char* kName = "xlog1py";
  Tensor forward(const Tensor& x, const Tensor& y) {
    save(x), save(y);
    return core::floating_binary(kName, Binary::xlog1py, x, y);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor x = saved(0), y = saved(1);
    std::array<Tensor, 2> grads;
    if (needs_grad(0)) {
      const Tensor at_limit = (x == 0) & (y <= -1);
      grads[0] = dy * log1p(where(at_limit, 0, y));
    }
    if (needs_grad(1)) grads[1] = dy * (x / (y + 1));
    return grads;
  }
};

// log(b^x + b^y) / log(b), whose gradients are shares of dy: sigmoids of the difference.
template <Binary kKernel>
struct LogAdd : BroadcastingOp {
  static constexpr const char* kName = kKernel == Binary::logaddexp ? "logaddexp" : "logaddexp2";
  static constexpr double kScale = kKernel == Binary::logaddexp ? 1 : 0.6931471805599453;
  Tensor forward(const Tensor& a, const Tensor& b) {
    save(a), save(b);
    return core::floating_binary(kName, kKernel, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor a = saved(0), b = saved(1);
    return {needs_grad(0) ? of_first(dy, a, b) : Tensor(),
            needs_grad(1) ? of_first(dy, b, a) : Tensor()};
  }

 private:
  static Tensor of_first(const Tensor& dy, const Tensor& a, const Tensor& b) {
    if (!is_grad_enabled())
      return core::ternary(kName, kernels::Ternary::logaddexp_gradient, dy, a, b, {kScale});
    // The difference of equal infinities is NaN.
    const Tensor infinite = (a == b) & isinf(a);
    return dy * sigmoid(kScale * where(infinite, 0, a - b));
  }
};

}  // namespace

Tensor erfc(const Tensor& x) { return apply<Erfc>(x); }
Tensor erfinv(const Tensor& x) { return apply<Erfinv>(x); }
Tensor lgamma(const Tensor& x) { return apply<Lgamma>(x); }
Tensor digamma(const Tensor& x) { return apply<Digamma>(x); }
Tensor polygamma(int64_t n, const Tensor& x) {
  if (n < 0)
    throw ValueError(fmt::format("polygamma: the order is {}; it must not be negative", n));
  return n == 0 ? digamma(x) : apply<Polygamma>(x, n);
}
Tensor logit(const Tensor& x, double eps) {
  if (!(eps <= 0.5))
    throw ValueError(
        fmt::format("logit: eps is {}; it must be at most 0.5, or negative for none", eps));
  return apply<Logit>(x, eps);
}
Tensor xlogy(const Tensor& x, const Tensor& y) { return apply<Xlogy>(x, y); }
Tensor xlog1py(const Tensor& x, const Tensor& y) { return apply<Xlog1py>(x, y); }
Tensor logaddexp(const Tensor& a, const Tensor& b) {
  return apply<LogAdd<Binary::logaddexp>>(a, b);
}
Tensor logaddexp2(const Tensor& a, const Tensor& b) {
  return apply<LogAdd<Binary::logaddexp2>>(a, b);
}

}  // namespace tapehead
