// Elementwise kernels of two operands of one type, which is also the result's.
#include "tapehead/core/kernels/loops.h"
#include "tapehead/core/kernels/trigonometry.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// The quotient must be below kMostQuotient, for which its products are exact in double.
inline constexpr double kMostQuotient = 0x1p28;
inline float mod_of(float x, float y) {
  const double a = absolute(x), b = absolute(y);
  const double rest = a - __builtin_trunc(a / b) * b;
  return copysign_of(static_cast<float>(rest < 0 ? rest + b : rest), x);
}
inline double mod_of(double x, double y) { return __builtin_fmod(x, y); }

template <class T>
inline T product_of(T x, T y) {
  return static_cast<T>(wrap(x) * wrap(y));
}
inline bool product_of(bool x, bool y) { return x && y; }

// Like Python's // and %: the quotient rounds down and the remainder has the divisor's sign. The
// caller ensures that integer divisors are nonzero. `rest` is fmod(x, y).
template <class T>
inline T floor_quotient(T x, T y, T rest) {
  T quotient = (x - rest) / y;
  quotient = rest != 0 && (rest < 0) != (y < 0) ? quotient - 1 : quotient;
  const T down = floor_of(quotient);
  const T near = quotient - down > T(0.5) ? down + 1 : down;
  const T signed_zero = copysign_of(T(0), x / y);
  const T finite = quotient == 0 ? signed_zero : near;
  return y == 0 ? x / y : finite;
}
template <class T>
inline T signed_rest(T rest, T y) {
  return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
}
template <class T>
inline T floor_divide_of(T x, T y) {
  if constexpr (floating(dtype_of<T>())) {
    return floor_quotient(x, y, mod_of(x, y));
  } else {
    if (y == static_cast<T>(-1)) return static_cast<T>(-wrap(x));  // INT_MIN / -1 traps
    const T quotient = x / y;
    return static_cast<T>(quotient - (x % y != 0 && (x < 0) != (y < 0)));
  }
}
inline uint8_t floor_divide_of(uint8_t x, uint8_t y) { return static_cast<uint8_t>(x / y); }

template <class T>
inline T remainder_of(T x, T y) {
  if constexpr (floating(dtype_of<T>())) {
    return signed_rest(mod_of(x, y), y);
  } else {
    if (y == static_cast<T>(-1)) return 0;
    const T rest = static_cast<T>(x % y);
    return rest != 0 && (rest < 0) != (y < 0) ? static_cast<T>(rest + y) : rest;
  }
}
inline uint8_t remainder_of(uint8_t x, uint8_t y) { return static_cast<uint8_t>(x % y); }

// For normal positive x, as 2^(y log2(x)) in double. The logarithm is a series in
// s = (m - 1) / (m + 1), where m is the mantissa between sqrt(1/2) and sqrt(2).
inline float power_of(float x, float y) {
  const int32_t k = log_exponent(x);
  const double m = times_power_of_two(x, -k), s = (m - 1) / (m + 1), u = s * s;
  double log = 0.2829036081214886;
  log = log * u + 0.31990546867455055;
  log = log * u + 0.41220925760570537;
  log = log * u + 0.577077942316621;
  log = log * u + 0.9617966941134959;
  log = log * u + 2.88539008177785;
  double p = y * (k + log * s);
  p = p > 129 ? 129 : p < -151 ? -151 : p;
  const double whole = (p + kRoundDouble) - kRoundDouble, r = p - whole;
  double q = 1.3356044024648793e-05;
  q = q * r + 0.0001546141401354087;
  q = q * r + 0.001334196978431136;
  q = q * r + 0.009618056803481018;
  q = q * r + 0.055504003492531984;
  q = q * r + 0.24022650921326527;
  q = q * r + 0.6931471838256461;
  const auto power = static_cast<int32_t>(whole), half = power / 2;
  return static_cast<float>(q * r + 1) * power_of_two(half) * power_of_two(power - half);
}
inline double power_of(double x, double y) { return __builtin_pow(x, y); }
// Integer powers are modulo 2^bits. The caller ensures that exponents are not negative.
template <class T>
inline T power_of(T x, T y) {
  Wrapping<T> power = 1, base = static_cast<Wrapping<T>>(x);
  for (auto n = static_cast<Wrapping<T>>(y); n != 0; n = static_cast<Wrapping<T>>(n >> 1)) {
    if (n & 1) power = static_cast<Wrapping<T>>(power * base);
    base = static_cast<Wrapping<T>>(base * base);
  }
  return static_cast<T>(power);
}

template <class T>
inline T trunc_divide_of(T x, T y) {
  if constexpr (floating(dtype_of<T>())) return trunc_of(x / y);
  else return y == static_cast<T>(-1) ? static_cast<T>(-wrap(x)) : static_cast<T>(x / y);
}
inline uint8_t trunc_divide_of(uint8_t x, uint8_t y) { return static_cast<uint8_t>(x / y); }
template <class T>
inline T fmod_of(T x, T y) {
  if constexpr (floating(dtype_of<T>())) return mod_of(x, y);
  else return y == static_cast<T>(-1) ? 0 : static_cast<T>(x % y);
}
inline uint8_t fmod_of(uint8_t x, uint8_t y) { return static_cast<uint8_t>(x % y); }

// Shifts by less than 0 or by all bits shift everything out.
template <class T>
inline T left_shift_of(T x, T y) {
  const bool inside = static_cast<Wrapping<T>>(y) < 8 * sizeof(T);
  return inside ? static_cast<T>(wrap(x) << (inside ? y : 0)) : 0;
}
template <class T>
inline T right_shift_of(T x, T y) {
  constexpr int kBits = 8 * sizeof(T);
  if (static_cast<Wrapping<T>>(y) < kBits) return static_cast<T>(x >> y);
  return x < 0 ? static_cast<T>(-1) : 0;
}

// The squares of floats do not overflow in double.
inline float hypot_of(float x, float y) {
  const double a = x, b = y;
  const auto root = static_cast<float>(__builtin_sqrt(a * a + b * b));
  return absolute(x) == kInfinity || absolute(y) == kInfinity ? kInfinity : root;
}
inline double hypot_of(double x, double y) { return __builtin_hypot(x, y); }

// Equal operands include infinities, whose difference would be NaN.
template <class T>
inline T logaddexp_of(T x, T y) {
  const T larger = x > y || is_nan(x) ? x : y;
  return larger + log1p_of(exp_of(x == y ? 0 : -absolute(x - y)));
}
template <class T>
inline T logaddexp2_of(T x, T y) {
  const T larger = x > y || is_nan(x) ? x : y;
  return larger + T(1.4426950408889634) * log1p_of(exp2_of(x == y ? 0 : -absolute(x - y)));
}

template <class T>
inline T xlogy_of(T x, T y) {
  return x == 0 && !is_nan(y) ? 0 : x * log_of(y);
}
template <class T>
inline T xlog1py_of(T x, T y) {
  return x == 0 && !is_nan(y) ? 0 : x * log1p_of(y);
}

TAPEHEAD_BINARY_KERNELS(TAPEHEAD_FUNCTOR_OF_XY)
TAPEHEAD_DENSE_BINARY_KERNELS(TAPEHEAD_FUNCTOR_OF_XY)

}  // namespace
}  // namespace tapehead::kernels::TAPEHEAD_ISA

namespace tapehead::kernels {
namespace {

struct Quotients {
  static bool holds(float x, float y) {
    return !(absolute(y) < kInfinity &&
             absolute(static_cast<double>(x) / y) < TAPEHEAD_ISA::kMostQuotient);
  }
};
template <>
struct Exceptions<TAPEHEAD_ISA::fmod> : Quotients {
  static float value(float x, float y) { return __builtin_fmodf(x, y); }
};
template <>
struct Exceptions<TAPEHEAD_ISA::remainder> : Quotients {
  static float value(float x, float y) {
    return TAPEHEAD_ISA::signed_rest(__builtin_fmodf(x, y), y);
  }
};
template <>
struct Exceptions<TAPEHEAD_ISA::floor_divide> : Quotients {
  static float value(float x, float y) {
    return TAPEHEAD_ISA::floor_quotient(x, y, __builtin_fmodf(x, y));
  }
};
template <>
struct Exceptions<TAPEHEAD_ISA::pow> {
  static bool holds(float x, float y) {
    return !(x >= 0x1p-126f && x < kInfinity && absolute(y) < kInfinity);
  }
  static float value(float x, float y) { return __builtin_powf(x, y); }
};

template <>
struct WaitsForMemory<TAPEHEAD_ISA::add> {};
template <>
struct WaitsForMemory<TAPEHEAD_ISA::sub> {};
template <>
struct WaitsForMemory<TAPEHEAD_ISA::mul> {};
template <>
struct WaitsForMemory<TAPEHEAD_ISA::div> {};
template <>
struct WaitsForMemory<TAPEHEAD_ISA::prelu> {};

template <>
struct ConvertsInRegisters<TAPEHEAD_ISA::add> {};

}  // namespace
}  // namespace tapehead::kernels

namespace tapehead::kernels::TAPEHEAD_ISA {

#define TAPEHEAD_BINARY_LOOPS(name, types, ...) TAPEHEAD_LOOPS(binary_entry, name, types)
#define TAPEHEAD_DENSE_BINARY_LOOPS(name, types, ...) \
  TAPEHEAD_LOOPS(dense_binary_entry, name, types)
extern const LoopKernels<Binary> binary_kernels = {{TAPEHEAD_BINARY_KERNELS(
    TAPEHEAD_BINARY_LOOPS) TAPEHEAD_DENSE_BINARY_KERNELS(TAPEHEAD_DENSE_BINARY_LOOPS)}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
