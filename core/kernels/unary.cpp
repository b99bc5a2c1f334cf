// Elementwise kernels of one operand.
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

inline float floor_of(float x) { return __builtin_floorf(x); }
inline double floor_of(double x) { return __builtin_floor(x); }
inline float ceil_of(float x) { return __builtin_ceilf(x); }
inline double ceil_of(double x) { return __builtin_ceil(x); }
inline float round_of(float x) { return __builtin_rintf(x); }  // halves to even
inline double round_of(double x) { return __builtin_rint(x); }
inline float trunc_of(float x) { return __builtin_truncf(x); }
inline double trunc_of(double x) { return __builtin_trunc(x); }
inline float sqrt_of(float x) { return __builtin_sqrtf(x); }
inline double sqrt_of(double x) { return __builtin_sqrt(x); }
inline float sin_of(float x) { return __builtin_sinf(x); }
inline double sin_of(double x) { return __builtin_sin(x); }
inline float cos_of(float x) { return __builtin_cosf(x); }
inline double cos_of(double x) { return __builtin_cos(x); }

struct neg {
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(-Wrapping<T>(x));
  }
};
struct abs {
  template <class T>
  T operator()(T x) const {
    return x < 0 ? static_cast<T>(-Wrapping<T>(x)) : x;
  }
  uint8_t operator()(uint8_t x) const { return x; }
  float operator()(float x) const { return __builtin_fabsf(x); }
  double operator()(double x) const { return __builtin_fabs(x); }
};
struct sign {
  template <class T>
  T operator()(T x) const {
    return static_cast<T>((x > 0) - (x < 0));
  }
};
struct square {
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(Wrapping<T>(x) * Wrapping<T>(x));
  }
};
struct bitwise_not {
  template <class T>
  T operator()(T x) const {
    return static_cast<T>(~x);
  }
};
struct reciprocal {
  template <class T>
  T operator()(T x) const {
    return 1 / x;
  }
};
struct floor {
  template <class T>
  T operator()(T x) const {
    return floor_of(x);
  }
};
struct ceil {
  template <class T>
  T operator()(T x) const {
    return ceil_of(x);
  }
};
struct round {
  template <class T>
  T operator()(T x) const {
    return round_of(x);
  }
};
struct trunc {
  template <class T>
  T operator()(T x) const {
    return trunc_of(x);
  }
};
struct sqrt {
  template <class T>
  T operator()(T x) const {
    return sqrt_of(x);
  }
};
struct exp {
  template <class T>
  T operator()(T x) const {
    return exp_of(x);
  }
};
struct expm1 {
  template <class T>
  T operator()(T x) const {
    return expm1_of(x);
  }
};
struct log {
  template <class T>
  T operator()(T x) const {
    return log_of(x);
  }
};
struct log1p {
  template <class T>
  T operator()(T x) const {
    return log1p_of(x);
  }
};
struct sin {
  template <class T>
  T operator()(T x) const {
    return sin_of(x);
  }
};
struct cos {
  template <class T>
  T operator()(T x) const {
    return cos_of(x);
  }
};
struct tanh {
  template <class T>
  T operator()(T x) const {
    return tanh_of(x);
  }
};
struct sigmoid {
  template <class T>
  T operator()(T x) const {
    return sigmoid_of(x);
  }
};
struct erf {
  template <class T>
  T operator()(T x) const {
    return erf_of(x);
  }
};
struct rsqrt {
  template <class T>
  T operator()(T x) const {
    return 1 / sqrt_of(x);
  }
};

struct isnan {
  template <class T>
  bool operator()(T x) const {
    return x != x;
  }
};
struct isinf {
  template <class T>
  bool operator()(T x) const {
    return x == T(kInfinity) || x == -T(kInfinity);
  }
};
struct isfinite {
  template <class T>
  bool operator()(T x) const {
    return x - x == 0;
  }
};

}  // namespace

#define TAPEHEAD_ROW(name, types, ...) TAPEHEAD_LOOPS(unary_entry, name, types)
extern const Loop unary_loops[][kDTypes] = {TAPEHEAD_UNARY_KERNELS(TAPEHEAD_ROW)};
#undef TAPEHEAD_ROW

#define TAPEHEAD_ROW(name, types, ...) TAPEHEAD_LOOPS(predicate_entry, name, types)
extern const Loop predicate_loops[][kDTypes] = {TAPEHEAD_PREDICATE_KERNELS(TAPEHEAD_ROW)};
#undef TAPEHEAD_ROW

}  // namespace tapehead::kernels::TAPEHEAD_ISA
