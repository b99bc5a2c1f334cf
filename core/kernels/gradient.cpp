// Gradients of elementwise functions: the gradient of the result, and the operand x or the result
// y.
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

inline float sin_of(float x) { return __builtin_sinf(x); }
inline double sin_of(double x) { return __builtin_sin(x); }
inline float cos_of(float x) { return __builtin_cosf(x); }
inline double cos_of(double x) { return __builtin_cos(x); }

struct square {
  template <class T>
  T operator()(T dy, T x) const {
    return dy * (2 * x);
  }
};
struct abs {
  template <class T>
  T operator()(T dy, T x) const {
    return x > 0 ? dy : x < 0 ? -dy : 0;
  }
};
struct reciprocal_of_result {
  template <class T>
  T operator()(T dy, T y) const {
    return -dy * y * y;
  }
};
struct sqrt_of_result {
  template <class T>
  T operator()(T dy, T y) const {
    return dy / (2 * y);
  }
};
struct rsqrt_of_result {
  template <class T>
  T operator()(T dy, T y) const {
    return T(-0.5) * dy * (y * y * y);
  }
};
struct sin {
  template <class T>
  T operator()(T dy, T x) const {
    return dy * cos_of(x);
  }
};
struct cos {
  template <class T>
  T operator()(T dy, T x) const {
    return -dy * sin_of(x);
  }
};
struct tanh_of_result {
  template <class T>
  T operator()(T dy, T y) const {
    return dy * ((1 - y) * (1 + y));
  }
};
struct sigmoid_of_result {
  template <class T>
  T operator()(T dy, T y) const {
    return dy * (y * (1 - y));
  }
};
struct erf {
  template <class T>
  T operator()(T dy, T x) const {
    return dy * T(1.1283791670955126) * exp_of(-x * x);
  }
};
struct clamp {
  double low, high;
  explicit clamp(const double* k) : low(k[0]), high(k[1]) {}
  template <class T>
  T operator()(T dy, T x) const {
    return x >= static_cast<T>(low) && x <= static_cast<T>(high) ? dy : 0;
  }
};
struct hardtanh {
  double low, high;
  explicit hardtanh(const double* k) : low(k[0]), high(k[1]) {}
  template <class T>
  T operator()(T dy, T x) const {
    return x > static_cast<T>(low) && x < static_cast<T>(high) ? dy : 0;
  }
};
struct relu_of_result {
  template <class T>
  T operator()(T dy, T y) const {
    return y <= 0 ? 0 : dy;
  }
};
struct leaky_relu {
  double slope;
  explicit leaky_relu(const double* k) : slope(k[0]) {}
  template <class T>
  T operator()(T dy, T x) const {
    return x > 0 ? dy : dy * static_cast<T>(slope);
  }
};
struct elu {
  double alpha;
  explicit elu(const double* k) : alpha(k[0]) {}
  template <class T>
  T operator()(T dy, T x) const {
    return x > 0 ? dy : dy * static_cast<T>(alpha) * exp_of(x);
  }
};
struct gelu {
  template <class T>
  T operator()(T dy, T x) const {
    const T below = T(0.5) * (1 + erf_of(x * T(kRootOfHalf)));
    return dy * (below + x * T(0.3989422804014327) * exp_of(T(-0.5) * x * x));
  }
};
struct gelu_tanh {
  template <class T>
  T operator()(T dy, T x) const {
    const SigmoidParts<T> s = sigmoid_parts(gelu_tanh_argument(x));
    return dy * (s.value + x * s.slope * gelu_tanh_slope(x));
  }
};
struct silu {
  template <class T>
  T operator()(T dy, T x) const {
    const SigmoidParts<T> s = sigmoid_parts(x);
    return dy * (s.value + x * s.slope);
  }
};
struct softplus {
  double beta;
  explicit softplus(const double* k) : beta(k[0]) {}
  template <class T>
  T operator()(T dy, T x) const {
    return dy * sigmoid_of(x * static_cast<T>(beta));
  }
};
struct log_sigmoid {
  template <class T>
  T operator()(T dy, T x) const {
    return dy * sigmoid_of(-x);
  }
};
struct softsign {
  template <class T>
  T operator()(T dy, T x) const {
    const T below = 1 + absolute(x);
    return dy / (below * below);
  }
};

}  // namespace

#define TAPEHEAD_ROW(name, types, ...) TAPEHEAD_LOOPS(gradient_entry, name, types)
extern const Loop gradient_loops[][kDTypes] = {TAPEHEAD_GRADIENT_KERNELS(TAPEHEAD_ROW)};
#undef TAPEHEAD_ROW

}  // namespace tapehead::kernels::TAPEHEAD_ISA
