// Activations: elementwise kernels of one operand and the numbers that shape them.
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// Keeps NaN, as all of them do.
struct relu {
  template <class T>
  T operator()(T x) const {
    return x <= 0 ? 0 : x;
  }
};
struct leaky_relu {
  double slope;
  explicit leaky_relu(const double* k) : slope(k[0]) {}
  template <class T>
  T operator()(T x) const {
    return x > 0 ? x : x * static_cast<T>(slope);
  }
};
struct elu {
  double alpha;
  explicit elu(const double* k) : alpha(k[0]) {}
  template <class T>
  T operator()(T x) const {
    return x > 0 ? x : static_cast<T>(alpha) * expm1_of(x);
  }
};
struct hardtanh {
  double low, high;
  explicit hardtanh(const double* k) : low(k[0]), high(k[1]) {}
  template <class T>
  T operator()(T x) const {
    const T raised = x < static_cast<T>(low) ? static_cast<T>(low) : x;
    return raised > static_cast<T>(high) ? static_cast<T>(high) : raised;
  }
};
struct gelu {
  template <class T>
  T operator()(T x) const {
    return T(0.5) * x * (1 + erf_of(x * T(kRootOfHalf)));
  }
};
struct gelu_tanh {
  template <class T>
  T operator()(T x) const {
    return x * sigmoid_of(gelu_tanh_argument(x));
  }
};
struct silu {
  template <class T>
  T operator()(T x) const {
    return x * sigmoid_of(x);
  }
};
struct softplus {
  double beta;
  explicit softplus(const double* k) : beta(k[0]) {}
  template <class T>
  T operator()(T x) const {
    return softplus_of(x * static_cast<T>(beta)) / static_cast<T>(beta);
  }
};
struct log_sigmoid {
  template <class T>
  T operator()(T x) const {
    return -softplus_of(-x);
  }
};
struct softsign {
  template <class T>
  T operator()(T x) const {
    return x / (1 + absolute(x));
  }
};

}  // namespace

#define TAPEHEAD_ROW(name, types, ...) TAPEHEAD_LOOPS(unary_entry, name, types)
extern const Loop activation_loops[][kDTypes] = {TAPEHEAD_ACTIVATION_KERNELS(TAPEHEAD_ROW)};
#undef TAPEHEAD_ROW

}  // namespace tapehead::kernels::TAPEHEAD_ISA
