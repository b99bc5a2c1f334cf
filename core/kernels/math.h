// Mathematical functions for kernels. Those of float are branch-free, so that compilers vectorise
// loops over them; the polynomials are minimax fits made for this library. Maximum errors in ulp
// over all floats: exp 1.0, exp2 1.0, expm1 1.5, log 0.8, log2 1.6, log10 1.7, log1p 2.1, tanh 2.6,
// sigmoid 2.4, erf 3.1. NaN, infinities, signed zeros and overflow are handled as in the C library.
// Those of double call the C library. See also trigonometry.h and special_math.h.
//
// Everything here has internal linkage.
#pragma once

#include <cstdint>

// Disables the contraction of a * b + c to a fused multiply-add, which rounds only once, so that
// results do not depend on the instruction set.
#define TAPEHEAD_NOT_CONTRACTED __attribute__((optimize("fp-contract=off")))

namespace tapehead::kernels {
namespace {

inline float float_of(int32_t bits) {
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}
inline int32_t bits_of(float x) {
  int32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}
template <class T>
inline bool is_nan(T x) {
  return x != x;  // NOLINT(misc-redundant-expression): only a NaN differs from itself
}
// 2^k for -126 <= k <= 127, and 0 for k = -127.
inline float power_of_two(int32_t k) { return float_of((k + 127) << 23); }

inline constexpr float kInfinity = __builtin_inff();
// ln(2) split in two; the first part has so few bits that its product with an exponent is exact.
inline constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;

// x = k ln(2) + r with |r| <= ln(2) / 2, and exp(r) - 1.
struct ExpParts {
  int32_t k;
  float expm1;
};
// Adding 1.5 * 2^23, and 1.5 * 2^52 to a double, rounds to an integer.
inline constexpr float kRound = 12582912.0f;
inline constexpr double kRoundDouble = 6755399441055744.0;
inline ExpParts exp_parts(float rounded, float r) {
  float q = 1.38143184e-3f;
  q = q * r + 8.36885128e-3f;
  q = q * r + 4.16684011e-2f;
  q = q * r + 1.66665195e-1f;
  q = q * r + 4.99999934e-1f;
  return {bits_of(rounded) - bits_of(kRound), q * (r * r) + r};
}
inline ExpParts exp_parts(float x) {
  const float rounded = x * 1.44269504f + kRound;
  const float k = rounded - kRound;
  return exp_parts(rounded, (x - k * kLn2High) - k * kLn2Low);
}

// 2^k is applied as two factors, because k exceeds the range of one at both ends. For very negative
// x the first factor is 0: an underflowing product takes a hundred cycles on some CPUs, and rows of
// scores contain many such values. NaN is propagated.
inline float exp_of_parts(ExpParts e, float x) {
  const int32_t shift = (bits_of(x) >> 31) & 48;  // 48 for negative x
  return (e.expm1 + 1.0f) * power_of_two(e.k - 24 + shift) * power_of_two(24 - shift);
}
inline float exp_of(float x) {
  x = x < -105.0f ? -105.0f : x;
  x = x > 89.0f ? 89.0f : x;
  return exp_of_parts(exp_parts(x), x);
}
inline float exp2_of(float x) {
  x = x < -151.0f ? -151.0f : x;
  x = x > 129.0f ? 129.0f : x;
  const float rounded = x + kRound;
  return exp_of_parts(exp_parts(rounded, (x - (rounded - kRound)) * 0.693147181f), x);
}

inline float half_expm1_of_parts(ExpParts e) {
  const float half = power_of_two(e.k - 1);  // 2^128 would be too large
  return e.expm1 * half + (half - 0.5f);
}
inline float expm1_of_parts(ExpParts e) { return half_expm1_of_parts(e) * 2.0f; }
inline float expm1_of(float x) {
  float a = x < -18.0f ? -18.0f : x;
  a = a > 89.0f ? 89.0f : a;
  return __builtin_copysignf(expm1_of_parts(exp_parts(a)), x);  // -0 stays -0
}

// log(2^k (1 + f)) for 1 + f between sqrt(1/2) and sqrt(2).
inline float log_of_parts(float f, float k) {
  float q = 6.74660125e-2f;
  q = q * f - 1.16756413e-1f;
  q = q * f + 1.18881746e-1f;
  q = q * f - 1.24055914e-1f;
  q = q * f + 1.42195509e-1f;
  q = q * f - 1.66679957e-1f;
  q = q * f + 2.00021187e-1f;
  q = q * f - 2.50000096e-1f;
  q = q * f + 3.33333126e-1f;
  const float square = f * f;
  const float rest = f * square * q + k * kLn2Low - 0.5f * square;
  return k * kLn2High + (f + rest);
}
// The exponent k such that x / 2^k is between sqrt(1/2) and sqrt(2).
inline int32_t log_exponent(float x) {
  constexpr uint32_t kRootOfHalf = 0x3f3504f3;
  return static_cast<int32_t>(static_cast<uint32_t>(bits_of(x)) - kRootOfHalf) >> 23;
}
inline float times_power_of_two(float x, int32_t k) {  // in the range of normal numbers
  return float_of(
      static_cast<int32_t>(static_cast<uint32_t>(bits_of(x)) + (static_cast<uint32_t>(k) << 23)));
}

// x = 2^k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2).
struct LogParts {
  float f, k;
};
inline LogParts log_parts(float x) {
  const bool tiny = x < 0x1p-126f;
  const float normal = tiny ? x * 0x1p23f : x;
  const int32_t k = log_exponent(normal);
  return {times_power_of_two(normal, -k) - 1.0f, static_cast<float>(tiny ? k - 23 : k)};
}
// The logarithm y of x, or its limit where x is not positive and finite.
inline float log_or_limit(float x, float y) {
  y = x > 0.0f ? y : __builtin_nanf("");
  y = x == 0.0f ? -kInfinity : y;
  return x == kInfinity ? x : y;
}
inline float log_of(float x) {
  const LogParts p = log_parts(x);
  return log_or_limit(x, log_of_parts(p.f, p.k));
}
inline float log2_of(float x) {
  const LogParts p = log_parts(x);
  return log_or_limit(x, p.k + log_of_parts(p.f, 0) * 1.44269504f);
}
inline float log10_of(float x) {
  // log10(2) split like ln(2).
  constexpr float kHigh = 0.301025390625f, kLow = 4.60503907e-6f;
  const LogParts p = log_parts(x);
  return log_or_limit(x, p.k * kHigh + (p.k * kLow + log_of_parts(p.f, 0) * 0.434294482f));
}

inline float log1p_of(float x) {
  const float u = 1.0f + x;
  const int32_t k = log_exponent(u);
  const float lost = k > 0 ? 1.0f - (u - x) : x - (u - 1.0f);  // rounding error of u
  const float f = (times_power_of_two(u, -k) - 1.0f) + lost * power_of_two(k < 127 ? -k : -127);
  float y = __builtin_copysignf(log_of_parts(f, static_cast<float>(k)), x);
  y = x > -1.0f ? y : __builtin_nanf("");
  y = x == -1.0f ? -kInfinity : y;
  return x == kInfinity ? x : y;
}

inline float tanh_of(float x) {
  const float a = __builtin_fabsf(x);
  const float t = expm1_of_parts(exp_parts(2.0f * (a > 10.0f ? 10.0f : a)));
  return __builtin_copysignf(t / (t + 2.0f), x);
}

// For a = |x|, -erf(a) = exp(-a r(a)) - 1, where the polynomial r fits -log(erfc(a)) / a.
inline ExpParts erf_parts(float x) {
  float a = __builtin_fabsf(x);
  a = a > 3.95f ? 3.95f : a;
  float r = -9.25629012e-6f;
  r = r * a + 1.17641478e-4f;
  r = r * a - 6.32837529e-4f;
  r = r * a + 1.66702857e-3f;
  r = r * a - 1.60397040e-4f;
  r = r * a - 1.91530635e-2f;
  r = r * a + 1.02777830e-1f;
  r = r * a + 6.36619382e-1f;
  r = r * a + 1.12837917f;
  return exp_parts(-a * r);
}
inline float erf_of(float x) { return __builtin_copysignf(expm1_of_parts(erf_parts(x)), x); }

inline double exp_of(double x) { return __builtin_exp(x); }
inline double exp2_of(double x) { return __builtin_exp2(x); }
inline double expm1_of(double x) { return __builtin_expm1(x); }
inline double log_of(double x) { return __builtin_log(x); }
inline double log2_of(double x) { return __builtin_log2(x); }
inline double log10_of(double x) { return __builtin_log10(x); }
inline double log1p_of(double x) { return __builtin_log1p(x); }
inline double tanh_of(double x) { return __builtin_tanh(x); }
inline double erf_of(double x) { return __builtin_erf(x); }

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
inline float copysign_of(float x, float y) { return __builtin_copysignf(x, y); }
inline double copysign_of(double x, double y) { return __builtin_copysign(x, y); }
inline float absolute(float x) { return __builtin_fabsf(x); }
inline double absolute(double x) { return __builtin_fabs(x); }

template <class T>
inline T sigmoid_of(T x) {
  return 1 / (1 + exp_of(-x));
}

// The sigmoid and its derivative, which stays precise where the sigmoid is close to 1.
template <class T>
struct SigmoidParts {
  T value, slope;
};
template <class T>
inline SigmoidParts<T> sigmoid_parts(T x) {
  const T e = exp_of(-absolute(x));
  const T larger = 1 / (1 + e);  // the sigmoid of |x|
  return {x < 0 ? e * larger : larger, e * larger * larger};
}

// mish(x) = x tanh(log(1 + e)) = x n / (n + 2), for e = exp(x) and n = e (e + 2).
template <class T>
struct MishParts {
  T e, n;
};
template <class T>
inline MishParts<T> mish_parts(T x) {
  const T e = exp_of(x > 20 ? T(20) : x);
  return {e, e * (e + 2)};
}

// log(1 + exp(x)), without overflow.
template <class T>
inline T softplus_of(T x) {
  return (x <= 0 ? 0 : x) + log1p_of(exp_of(-absolute(x)));
}

inline constexpr double kRootOfHalf = 0.7071067811865476;

// The tanh approximation of gelu is x sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3)); these are the
// argument of the sigmoid and its derivative.
template <class T>
inline T gelu_tanh_argument(T x) {
  return T(1.5957691216057308) * (x + T(0.044715) * x * x * x);
}
template <class T>
inline T gelu_tanh_argument_slope(T x) {
  return T(1.5957691216057308) * (1 + T(3 * 0.044715) * x * x);
}

}  // namespace
}  // namespace tapehead::kernels
