// Trigonometric and hyperbolic functions and their inverses, in the manner of math.h. Maximum
// errors in ulp over all floats: asin 2.2, acos 1.0, atan 1.6, sinh 2.1, cosh 1.4, asinh 2.6,
// acosh 2.4, atanh 2.9, sin(pi x) 2.6; up to kMostTurned, sin and cos 1.6, tan 3.7.
#pragma once

#include "tapehead/core/kernels/math.h"

namespace tapehead::kernels {
namespace {

// x = k pi / 2 + r with |r| <= pi / 4, for |x| <= kMostTurned; k is modulo 4. The products are
// exact: the first part of pi / 2 has 33 bits, and k at most 20.
inline constexpr float kMostTurned = 1e6f;
struct Turned {
  int32_t k;
  float r;
};
inline Turned turned(float x) {
  constexpr double kHigh = 0x1.921fb544p0, kLow = 0x1.0b4611a626331p-34;
  const double k = (x * 0.6366197723675814 + kRoundDouble) - kRoundDouble;
  return {static_cast<int32_t>(k), static_cast<float>((x - k * kHigh) - k * kLow)};
}
inline float sin_of_reduced(float r) {
  const float u = r * r;
  float q = 2.71802696e-6f;
  q = q * u - 1.98393027e-4f;
  q = q * u + 8.33332911e-3f;
  q = q * u - 1.66666672e-1f;
  return q * u * r + r;
}
inline float cos_of_reduced(float r) {
  const float u = r * r;
  float q = 2.44322091e-5f;
  q = q * u - 1.38873083e-3f;
  q = q * u + 4.16666456e-2f;
  return q * u * u + (1.0f - 0.5f * u);
}
inline float sin_of(float x) {
  const Turned t = turned(x);
  const float y = t.k & 1 ? cos_of_reduced(t.r) : sin_of_reduced(t.r);
  return x == 0.0f ? x : t.k & 2 ? -y : y;  // -0 stays -0
}
inline float cos_of(float x) {
  const Turned t = turned(x);
  const float y = t.k & 1 ? sin_of_reduced(t.r) : cos_of_reduced(t.r);
  return (t.k + 1) & 2 ? -y : y;
}
inline float tan_of(float x) {
  const Turned t = turned(x);
  const float s = sin_of_reduced(t.r), c = cos_of_reduced(t.r);
  return x == 0.0f ? x : t.k & 1 ? -c / s : s / c;
}
inline double sin_of(double x) { return __builtin_sin(x); }
inline double cos_of(double x) { return __builtin_cos(x); }
inline double tan_of(double x) { return __builtin_tan(x); }

inline constexpr double kPi = 3.141592653589793;
// pi and pi / 2 as float, and what is left of them.
inline constexpr float kPiHigh = 3.14159274f, kPiLow = -8.74227766e-8f;
inline constexpr float kHalfPiHigh = 1.57079637f, kHalfPiLow = -4.37113883e-8f;

// atan(z) for 0 <= z <= 1.
inline float atan_of_fraction(float z) {
  const float u = z * z;
  float q = -1.79362064e-3f;
  q = q * u + 1.09146107e-2f;
  q = q * u - 3.11778784e-2f;
  q = q * u + 5.79576530e-2f;
  q = q * u - 8.40345621e-2f;
  q = q * u + 1.09521888e-1f;
  q = q * u - 1.42642424e-1f;
  q = q * u + 1.99985489e-1f;
  q = q * u - 3.33332986e-1f;
  return q * u * z + z;
}
inline float atan_of(float x) {
  const float a = absolute(x);
  const bool steep = a > 1.0f;
  const float y = atan_of_fraction(steep ? 1.0f / a : a);
  return copysign_of(steep ? kHalfPiHigh - (y - kHalfPiLow) : y, x);
}
// The angle of the point (x, y), in [-pi, pi].
inline float atan2_of(float y, float x) {
  const float a = absolute(y), b = absolute(x);
  const float low = a > b ? b : a, high = a > b ? a : b;
  float z = low / high;
  z = low == high ? 1.0f : z;  // also for two infinities
  z = high == 0.0f ? 0.0f : z;
  float angle = atan_of_fraction(z);
  angle = a > b ? kHalfPiHigh - (angle - kHalfPiLow) : angle;
  angle = bits_of(x) < 0 ? kPiHigh - (angle - kPiLow) : angle;
  return copysign_of(is_nan(x) ? x : angle, y);
}

// asin(z) = z + z^3 q(z^2) for 0 <= z <= 1/2. Above, asin(a) = pi/2 - 2 asin(sqrt((1 - a) / 2)).
struct AsinParts {
  bool large;   // whether |x| > 1/2
  float angle;  // the asin of |x|, or of that root
};
inline AsinParts asin_parts(float x) {
  const float a = absolute(x);
  const bool large = a > 0.5f;
  const float u = large ? 0.5f * (1.0f - a) : a * a;
  const float z = large ? sqrt_of(u) : a;
  float q = 3.75141092e-2f;
  q = q * u + 1.44406743e-2f;
  q = q * u + 3.18070538e-2f;
  q = q * u + 4.45170477e-2f;
  q = q * u + 7.50050396e-2f;
  q = q * u + 1.66666597e-1f;
  return {large, q * u * z + z};
}
inline float asin_of(float x) {
  const AsinParts p = asin_parts(x);
  return copysign_of(p.large ? kHalfPiHigh - (2.0f * p.angle - kHalfPiLow) : p.angle, x);
}
inline float acos_of(float x) {
  const AsinParts p = asin_parts(x);
  const float near_ends = x > 0.0f ? 2.0f * p.angle : kPiHigh - (2.0f * p.angle - kPiLow);
  return p.large ? near_ends : kHalfPiHigh - (copysign_of(p.angle, x) - kHalfPiLow);
}

// exp(|x|) = 2^(k - 2) 4 (1 + expm1), of which both factors are finite where sinh is.
inline ExpParts hyperbolic_parts(float x) {
  const float a = absolute(x);
  return exp_parts(a > 89.5f ? 89.5f : a);
}
inline float sinh_of(float x) {
  const ExpParts e = hyperbolic_parts(x);
  const float quarter = power_of_two(e.k - 2);
  const float t = (e.expm1 * quarter + (quarter - 0.25f)) * 2.0f;  // expm1(|x|) / 2
  const float y = t > 1e9f ? t : t + t / (2.0f * t + 1.0f);
  return copysign_of(y, x);
}
inline float cosh_of(float x) {
  const ExpParts e = hyperbolic_parts(x);
  const float quarter = power_of_two(e.k - 2);
  const float half = (e.expm1 * quarter + quarter) * 2.0f;  // exp(|x|) / 2
  return half + 0.25f / half;
}

// Where the square of the operand would overflow or not matter, log(2 a) is the result.
inline constexpr float kLn2 = 0.693147181f;
inline float asinh_of(float x) {
  const float a = absolute(x);
  const bool large = a > 1e10f;
  const float y = log1p_of(large ? a : a + a * a / (1.0f + sqrt_of(a * a + 1.0f)));
  return copysign_of(large ? y + kLn2 : y, x);
}
inline float acosh_of(float x) {
  const bool large = x > 1e10f;
  const float t = x - 1.0f;
  float y = log1p_of(large ? x : t + sqrt_of(t * (x + 1.0f)));
  y = large ? y + kLn2 : y;
  return x < 1.0f ? __builtin_nanf("") : y;
}
inline float atanh_of(float x) {
  const float a = absolute(x);
  return copysign_of(0.5f * log1p_of(2.0f * a / (1.0f - a)), x);
}

// x reduced to half turns in [-1, 1], without rounding error.
template <class T>
inline T half_turns(T x) {
  return x - 2 * round_of(x * T(0.5));
}
// sin(pi r) for |r| <= 1/2.
inline float sin_pi_of_reduced(float r) {
  const float u = r * r;
  float q = -7.02822162e-3f;
  q = q * u + 8.20506960e-2f;
  q = q * u - 5.99252403e-1f;
  q = q * u + 2.55016327f;
  q = q * u - 5.16771269f;
  return (q * u + kPiLow) * r + kPiHigh * r;
}
inline double sin_pi_of_reduced(double r) { return __builtin_sin(kPi * r); }
/// sin(pi x)
template <class T>
inline T sin_pi_of(T x) {
  const T h = half_turns(x), a = absolute(h);
  return copysign_of(sin_pi_of_reduced(a > T(0.5) ? 1 - a : a), h);
}
/// cos(pi x)
template <class T>
inline T cos_pi_of(T x) {
  return sin_pi_of_reduced(T(0.5) - absolute(half_turns(x)));
}

inline double asin_of(double x) { return __builtin_asin(x); }
inline double acos_of(double x) { return __builtin_acos(x); }
inline double atan_of(double x) { return __builtin_atan(x); }
inline double atan2_of(double y, double x) { return __builtin_atan2(y, x); }
inline double sinh_of(double x) { return __builtin_sinh(x); }
inline double cosh_of(double x) { return __builtin_cosh(x); }
inline double asinh_of(double x) { return __builtin_asinh(x); }
inline double acosh_of(double x) { return __builtin_acosh(x); }
inline double atanh_of(double x) { return __builtin_atanh(x); }

}  // namespace
}  // namespace tapehead::kernels
