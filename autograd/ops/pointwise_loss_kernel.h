// Kernels of elementwise losses, from the input x and the target y.
//
// For gaussian_nll_loss and margin_ranking_loss, x is the difference of two operands.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

// L(name, Formula)
#define TAPEHEAD_POINTWISE_LOSSES(L)    \
  L(mse, Mse)                           \
  L(l1, L1)                             \
  L(smooth_l1, SmoothL1)                \
  L(huber, Huber)                       \
  L(bce, Bce)                           \
  L(bce_logits, BceLogits)              \
  L(kl_div, KlDiv)                      \
  L(kl_div_log_target, KlDivLogTarget)  \
  L(poisson_log_input, PoissonLogInput) \
  L(poisson, Poisson)                   \
  L(gaussian, Gaussian)                 \
  L(focal, Focal)                       \
  L(soft_margin, SoftMargin)            \
  L(hinge, Hinge)                       \
  L(ranking, Ranking)

namespace tapehead::kernels {

#define TAPEHEAD_ENUM(name, ...) name,
enum class PointwiseLoss : uint8_t { TAPEHEAD_POINTWISE_LOSSES(TAPEHEAD_ENUM) count };
#undef TAPEHEAD_ENUM

template <class T>
struct PointwiseLossKernels {
  using Loop = void (*)(const T* x, const T* y, T* out, int64_t n, T scale, const T* k);
  /// `scale` times the loss, its derivative with respect to x, and that with respect to y.
  Loop loops[static_cast<int>(PointwiseLoss::count)][3];
  double (*sum)(const T* x, int64_t n);
  /// Whether all elements are between low and high, and not NaN.
  bool (*all_within)(const T* x, int64_t n, T low, T high);
  /// Whether all elements are 1 or -1.
  bool (*all_signs)(const T* x, int64_t n);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(pointwise_loss, PointwiseLossKernels, "huber_loss kl_div sigmoid_focal_loss")

#ifdef TAPEHEAD_ISA
#include "tapehead/core/kernels/row_sums.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
inline T sign_of(T x) {
  return static_cast<T>((x > 0) - (x < 0));
}
template <class T>
inline T at_least(T x, T low) {
  return x < low ? low : x;
}
template <class T>
inline T within(T x, T bound) {
  return x > bound ? bound : x < -bound ? -bound : x;
}

// Each formula has the loss and its derivatives with respect to x and y; k are its numbers.
struct Mse {
  template <class T>
  static T value(T x, T y, const T*) {
    return (x - y) * (x - y);
  }
  template <class T>
  static T dx(T x, T y, const T*) {
    return 2 * (x - y);
  }
  template <class T>
  static T dy(T x, T y, const T*) {
    return 2 * (y - x);
  }
};

struct L1 {
  template <class T>
  static T value(T x, T y, const T*) {
    return absolute(x - y);
  }
  template <class T>
  static T dx(T x, T y, const T*) {
    return sign_of(x - y);
  }
  template <class T>
  static T dy(T x, T y, const T*) {
    return sign_of(y - x);
  }
};

// k[0] is delta.
struct Huber {
  template <class T>
  static T value(T x, T y, const T* k) {
    const T d = absolute(x - y);
    return d < k[0] ? T(0.5) * d * d : k[0] * (d - T(0.5) * k[0]);
  }
  template <class T>
  static T dx(T x, T y, const T* k) {
    return within(x - y, k[0]);
  }
  template <class T>
  static T dy(T x, T y, const T* k) {
    return within(y - x, k[0]);
  }
};

// k[0] is beta.
struct SmoothL1 {
  template <class T>
  static T value(T x, T y, const T* k) {
    const T d = absolute(x - y);
    return d < k[0] ? T(0.5) * d * d / k[0] : d - T(0.5) * k[0];
  }
  template <class T>
  static T dx(T x, T y, const T* k) {
    return within((x - y) / k[0], T(1));
  }
  template <class T>
  static T dy(T x, T y, const T* k) {
    return within((y - x) / k[0], T(1));
  }
};

// Logs are at least -100, and the derivative's divisor 1e-12 in f32, as in PyTorch, so that 0 and 1
// give finite results.
struct Bce {
  template <class T>
  static T value(T x, T y, const T*) {
    return (y - 1) * at_least(log1p_of(-x), T(-100)) - y * at_least(log_of(x), T(-100));
  }
  template <class T>
  static T dx(T x, T y, const T*) {
    return (x - y) / at_least(x * (1 - x), T(1e-12F));
  }
  template <class T>
  static T dy(T x, T, const T*) {
    return at_least(log1p_of(-x), T(-100)) - at_least(log_of(x), T(-100));
  }
};

// -log sigmoid(x) = softplus(-x) and -log(1 - sigmoid(x)) = softplus(x), so all terms have the same
// sign and do not cancel.
struct BceLogits {
  template <class T>
  static T value(T x, T y, const T*) {
    const T above = x > 0 ? x : 0, below = x > 0 ? 0 : -x;
    return log1p_of(exp_of(-absolute(x))) + y * below + (1 - y) * above;
  }
  template <class T>
  static T dx(T x, T y, const T*) {
    return sigmoid_of(x) - y;
  }
  template <class T>
  static T dy(T x, T, const T*) {
    return -x;
  }
};

struct KlDiv {
  template <class T>
  static T value(T x, T y, const T*) {
    return y == 0 ? 0 : y * (log_of(y) - x);
  }
  template <class T>
  static T dx(T, T y, const T*) {
    return -y;
  }
  template <class T>
  static T dy(T x, T y, const T*) {
    return y == 0 ? -x : log_of(y) + 1 - x;
  }
};

struct KlDivLogTarget {
  template <class T>
  static T value(T x, T y, const T*) {
    return exp_of(y) * (y - x);
  }
  template <class T>
  static T dx(T, T y, const T*) {
    return -exp_of(y);
  }
  template <class T>
  static T dy(T x, T y, const T*) {
    return exp_of(y) * (y - x + 1);
  }
};

struct PoissonLogInput {
  template <class T>
  static T value(T x, T y, const T*) {
    return exp_of(x) - y * x;
  }
  template <class T>
  static T dx(T x, T y, const T*) {
    return exp_of(x) - y;
  }
  template <class T>
  static T dy(T x, T, const T*) {
    return -x;
  }
};

// k[0] is eps.
struct Poisson {
  template <class T>
  static T value(T x, T y, const T* k) {
    return x - y * log_of(x + k[0]);
  }
  template <class T>
  static T dx(T x, T y, const T* k) {
    return 1 - y / (x + k[0]);
  }
  template <class T>
  static T dy(T x, T, const T* k) {
    return -log_of(x + k[0]);
  }
};

// y is the variance, k[0] its lower bound eps, and k[1] a constant to add. The bound does not stop
// the gradient of y, as in PyTorch.
struct Gaussian {
  template <class T>
  static T value(T x, T y, const T* k) {
    const T variance = at_least(y, k[0]);
    return T(0.5) * (log_of(variance) + x * x / variance) + k[1];
  }
  template <class T>
  static T dx(T x, T y, const T* k) {
    return x / at_least(y, k[0]);
  }
  template <class T>
  static T dy(T x, T y, const T* k) {
    const T inverse = 1 / at_least(y, k[0]);
    return T(0.5) * inverse * (1 - x * x * inverse);
  }
};

// The product of the class weight, the cross entropy, and a power of the miss, the probability of
// the other class. k[0] is alpha, k[1] gamma.
struct Focal {
  template <class T>
  struct Parts {
    T p, slope, weight, entropy, miss, power;
    Parts(T x, T y, const T* k) {
      const T e = exp_of(-absolute(x)), larger = 1 / (1 + e), smaller = e * larger;
      p = x > 0 ? larger : smaller;
      slope = larger * smaller;
      weight = k[0] < 0 ? 1 : k[0] * y + (1 - k[0]) * (1 - y);
      entropy = log1p_of(e) + y * (x > 0 ? 0 : -x) + (1 - y) * (x > 0 ? x : 0);
      miss = p * (1 - y) + (x > 0 ? smaller : larger) * y;
      power = k[1] == 0 ? 1 : exp_of(k[1] * log_of(miss));
    }
    /// The derivative of the power, by that of the miss.
    T power_slope(const T* k) const { return miss == 0 ? 0 : k[1] * power / miss; }
  };
  template <class T>
  static T value(T x, T y, const T* k) {
    const Parts<T> f(x, y, k);
    return f.weight * f.entropy * f.power;
  }
  template <class T>
  static T dx(T x, T y, const T* k) {
    const Parts<T> f(x, y, k);
    const T miss_slope = f.slope * (1 - 2 * y);
    return f.weight * ((f.p - y) * f.power + f.entropy * f.power_slope(k) * miss_slope);
  }
  template <class T>
  static T dy(T x, T y, const T* k) {
    const Parts<T> f(x, y, k);
    const T weight_slope = k[0] < 0 ? 0 : 2 * k[0] - 1;
    return weight_slope * f.entropy * f.power +
           f.weight * (f.entropy * f.power_slope(k) * (1 - 2 * f.p) - x * f.power);
  }
};

// Below, y is a label, 1 or -1, without a gradient, and k[0] the margin.
struct SoftMargin {
  template <class T>
  static T value(T x, T y, const T*) {
    return softplus_of(-x * y);
  }
  template <class T>
  static T dx(T x, T y, const T*) {
    return -y * sigmoid_of(-x * y);
  }
  template <class T>
  static T dy(T, T, const T*) {
    return 0;
  }
};

struct Hinge {
  template <class T>
  static T value(T x, T y, const T* k) {
    return y > 0 ? x : at_least(k[0] - x, T(0));
  }
  template <class T>
  static T dx(T x, T y, const T* k) {
    return y > 0 ? 1 : x <= k[0] ? -1 : 0;
  }
  template <class T>
  static T dy(T, T, const T*) {
    return 0;
  }
};

struct Ranking {
  template <class T>
  static T value(T x, T y, const T* k) {
    return at_least(k[0] - x * y, T(0));
  }
  template <class T>
  static T dx(T x, T y, const T* k) {
    return x * y <= k[0] ? -y : 0;
  }
  template <class T>
  static T dy(T, T, const T*) {
    return 0;
  }
};

template <class T, T (*f)(T, T, const T*)>
void loss_loop(const T* x, const T* y, T* out, int64_t n, T scale, const T* numbers) {
  const T k[2] = {numbers[0], numbers[1]};
#pragma GCC ivdep
  for (int64_t i = 0; i < n; ++i) out[i] = scale * f(x[i], y[i], k);
}

template <class T>
double sum(const T* x, int64_t n) {
  return row_sum<T>(n, [=](int64_t i) { return x[i]; });
}
template <class T>
bool all_within(const T* x, int64_t n, T low, T high) {
  int outside = 0;
  for (int64_t i = 0; i < n; ++i) outside |= !(x[i] >= low) | !(x[i] <= high);
  return outside == 0;
}
template <class T>
bool all_signs(const T* x, int64_t n) {
  int others = 0;
  for (int64_t i = 0; i < n; ++i) others |= !(absolute(x[i]) == 1);
  return others == 0;
}

#define TAPEHEAD_LOSS_LOOPS(name, Formula) \
  {loss_loop<T, Formula::value<T>>, loss_loop<T, Formula::dx<T>>, loss_loop<T, Formula::dy<T>>},
template <class T>
constexpr PointwiseLossKernels<T> pointwise_losses() {
  return {{TAPEHEAD_POINTWISE_LOSSES(TAPEHEAD_LOSS_LOOPS)}, sum<T>, all_within<T>, all_signs<T>};
}
#undef TAPEHEAD_LOSS_LOOPS

}  // namespace

extern const PointwiseLossKernels<float> pointwise_loss_f32 = pointwise_losses<float>();
extern const PointwiseLossKernels<double> pointwise_loss_f64 = pointwise_losses<double>();

}  // namespace tapehead::kernels::TAPEHEAD_ISA
#endif
