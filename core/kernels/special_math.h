// Special functions, in the manner of math.h: erfc, erfinv, the logarithm of the gamma function and
// its derivatives, sinc. Maximum errors in ulp over all floats: erfc 5, erfinv 3. The errors of
// lgamma and its derivatives, which have zeros, are stated in elementwise_kernels.h.
#pragma once

#include "tapehead/core/kernels/trigonometry.h"

extern "C" double lgamma_r(double x, int* sign) noexcept;  // POSIX, not C++

namespace tapehead::kernels {
namespace {

// exp(-a^2) g(t) / (1 + 2 a) for a = |x| and t = (a - 2) / (a + 2), after Shepherd and Laframboise
// 1981. The square of the leading bits of a is exact, and the rest of it enters after the
// reduction.
inline float erfc_of(float x) {
  float a = absolute(x);
  a = a > 10.2f ? 10.2f : a;  // where the result is 0
  const float t = (a - 2.0f) / (a + 2.0f);
  float g = 7.91619241e-5f;
  g = g * t + 1.68801460e-4f;
  g = g * t - 4.00864112e-4f;
  g = g * t - 1.42026832e-3f;
  g = g * t + 1.25295459e-3f;
  g = g * t + 8.70893989e-3f;
  g = g * t - 8.03095754e-3f;
  g = g * t - 5.42178117e-2f;
  g = g * t + 1.64051056e-1f;
  g = g * t - 1.66030526e-1f;
  g = g * t - 9.27638188e-2f;
  g = g * t + 1.27697837f;
  const float leading = float_of(bits_of(a) & static_cast<int32_t>(0xfffff000));
  const float square = leading * leading, rest = (a - leading) * (a + leading);
  const float rounded = (square + rest) * -1.44269504f + kRound;
  const float k = rounded - kRound;
  const float r = ((-square - k * kLn2High) - k * kLn2Low) - rest;
  const float y = exp_of_parts(exp_parts(rounded, r), -1.0f) * g / (1.0f + 2.0f * a);
  return x < 0.0f ? 2.0f - y : y;
}
inline double erfc_of(double x) { return __builtin_erfc(x); }

// x times a polynomial in w = -log(1 - x^2), or in its root where w >= 5, after Giles 2012.
inline float erfinv_of(float x) {
  const float w = -log_of((1.0f - x) * (1.0f + x));
  const float u = w - 2.5f;
  float p = -8.79098483e-9f;
  p = p * u + 2.32327881e-8f;
  p = p * u + 4.66170007e-7f;
  p = p * u - 3.46270645e-6f;
  p = p * u - 4.96334678e-6f;
  p = p * u + 2.18344445e-4f;
  p = p * u - 1.25274190e-3f;
  p = p * u - 4.17738687e-3f;
  p = p * u + 2.46640280e-1f;
  p = p * u + 1.50140941f;
  const float s = sqrt_of(w) - 3.0f;
  float q = 1.25921288e-4f;
  q = q * s - 3.17018566e-4f;
  q = q * s - 7.20257958e-5f;
  q = q * s + 1.49392907e-3f;
  q = q * s - 3.58938170e-3f;
  q = q * s + 5.68381697e-3f;
  q = q * s - 7.63893593e-3f;
  q = q * s + 9.44562163e-3f;
  q = q * s + 1.00167501f;
  q = q * s + 2.83297682f;
  const float y = x * (w < 5.0f ? p : q);
  return absolute(x) == 1.0f ? x * kInfinity : y;
}
// Two steps of Halley's method, from the result of float or, near the ends, an approximation of
// Winitzki's.
inline double erfinv_of(double x) {
  const double a = absolute(x), left = 1 - a;
  if (!(left > 0)) return left == 0 ? copysign_of(__builtin_inf(), x) : __builtin_nan("");
  double y = erfinv_of(static_cast<float>(a));
  if (left < 1e-6) {
    const double log = __builtin_log(left * (1 + a)), b = 2 / (kPi * 0.147) + log / 2;
    y = __builtin_sqrt(__builtin_sqrt(b * b - log / 0.147) - b);
  }
  for (int i = 0; i < 2; ++i) {
    const double over = a < 0.5 ? __builtin_erf(y) - a : left - __builtin_erfc(y);
    const double step = over / (1.1283791670955126 * __builtin_exp(-y * y));
    y -= step / (1 + y * step);
  }
  return copysign_of(y, x);
}

// lgamma(2 + t) = t (1 + t) q(t) for |t| <= 1.
inline float lgamma_near_two(float t) {
  float q = 1.93194483e-5f;
  q = q * t - 3.87434156e-5f;
  q = q * t + 2.02179981e-5f;
  q = q * t - 5.23941453e-5f;
  q = q * t + 1.95833738e-4f;
  q = q * t - 4.25596634e-4f;
  q = q * t + 9.10489238e-4f;
  q = q * t - 2.10205046e-3f;
  q = q * t + 4.99948440e-3f;
  q = q * t - 1.23849772e-2f;
  q = q * t + 3.29649448e-2f;
  q = q * t - 1.00317270e-1f;
  q = q * t + 4.22784328e-1f;
  return t * (1.0f + t) * q;
}
// log(|gamma(x)|): for |x| < 1 by recurrence from 2 + t, with exact t; from 3 by Stirling's series;
// below -1 by reflection.
inline float lgamma_of(float x) {
  const float a = absolute(x);
  const bool small = a < 1.0f, large = a >= 3.0f;
  const float factor = x < 0.0f ? a * (1.0f + x) : x;  // gamma(2 + t) = factor gamma(x)
  const float t = small ? (x < 0.0f ? x : x - 1.0f) : a - 2.0f;
  const float log = log_of(small ? factor : large ? a : 1.0f);
  const float w = 1.0f / a, ww = w * w;
  const float correction = ((7.09299755e-4f * ww - 2.77446443e-3f) * ww + 8.33333135e-2f) * w;
  const float stirling = (a - 0.5f) * (log - 1.0f) + (0.418938533f + correction);
  float y = large ? stirling : lgamma_near_two(t) - log;
  y = x <= -1.0f ? (1.14472989f - log_of(a * absolute(sin_pi_of(x)))) - y : y;
  return x <= 0.0f && x == floor_of(x) ? kInfinity : y;
}
inline double lgamma_of(double x) {
  int sign;  // lgamma would write it to a global variable
  return lgamma_r(x, &sign);
}

// The derivative of lgamma: by the recurrence up to the range of the asymptotic series, two terms a
// step; negative x by reflection.
template <class T>
inline T digamma_of(T x) {
  constexpr bool kDouble = sizeof(T) == 8;
  constexpr T kEnough = kDouble ? 10 : 6;
  const bool reflected = x < 0;
  T z = reflected ? 1 - x : x, sum = 0;
  for (int i = 0; i < (kDouble ? 5 : 3); ++i) {
    const bool small = z < kEnough;
    const T terms = (2 * z + 1) / (z * (z + 1));
    sum += small ? terms : 0;
    z = small ? z + 2 : z;
  }
  const T w = 1 / z, ww = w * w;
  T series = T(1.0 / 252);  // B_2n / 2n, with alternating signs
  if constexpr (kDouble)
    series -= ww * (1.0 / 240 - ww * (1.0 / 132 - ww * (691.0 / 32760 - ww * (1.0 / 12))));
  series = ww * (T(1.0 / 12) - ww * (T(1.0 / 120) - ww * series));
  const T y = log_of(z) - T(0.5) * w - series - sum;
  const T mirrored = y - T(kPi) * cos_pi_of(x) / sin_pi_of(x);
  const T pole = x == floor_of(x) ? T(__builtin_nanf("")) : mirrored;
  return reflected ? pole : y;
}

// The second derivative of lgamma, likewise.
template <class T>
inline T trigamma_of(T x) {
  constexpr bool kDouble = sizeof(T) == 8;
  constexpr T kEnough = kDouble ? 10 : 6;
  const bool reflected = x < 0;
  T z = reflected ? 1 - x : x, sum = 0;
  for (int i = 0; i < (kDouble ? 5 : 3); ++i) {
    const bool small = z < kEnough;
    const T p = 1 / z, q = 1 / (z + 1);
    sum += small ? p * p + q * q : 0;
    z = small ? z + 2 : z;
  }
  const T w = 1 / z, ww = w * w;
  T series = T(1.0 / 42);  // B_2n, with alternating signs
  if constexpr (kDouble)
    series -= ww * (1.0 / 30 - ww * (5.0 / 66 - ww * (691.0 / 2730 - ww * (7.0 / 6))));
  series = ww * (T(1.0 / 6) - ww * (T(1.0 / 30) - ww * series));
  const T y = w + T(0.5) * ww + w * series + sum;
  const T turn = T(kPi) / sin_pi_of(x);
  return reflected ? turn * turn - y : y;
}

inline double whole_power(double x, int n) {
  double power = 1;
  for (; n > 0; n >>= 1, x *= x)
    if (n & 1) power *= x;
  return power;
}
// The sum of (x + i)^-s over i >= 0, for x > 0, by the Euler-Maclaurin formula.
inline double hurwitz_zeta(int s, double x) {
  double sum = 0;
  const double enough = 10 + 0.5 * s;
  for (; x < enough; x += 1) sum += 1 / whole_power(x, s);
  double term = 1 / whole_power(x, s);
  sum += term * x / (s - 1) + term / 2;
  // B_2n / (2n)!, times s (s + 1) ... (s + 2n - 2) x^(1 - s - 2n).
  constexpr double kRatios[] = {1.0 / 12,          -1.0 / 720,
                                1.0 / 30240,       -1.0 / 1209600,
                                1.0 / 47900160,    -691.0 / 1307674368000,
                                1.0 / 74724249600, -3617.0 / 10670622842880000};
  term *= s / x;
  for (int n = 0; n < 8; ++n) {
    sum += kRatios[n] * term;
    term *= (s + 2 * n + 1) * (s + 2 * n + 2) / (x * x);
  }
  return sum;
}
// The n-th derivative of digamma, for n >= 2: (-1)^(n + 1) n! times the sum of (x + i)^-(n + 1).
template <class T>
inline T polygamma_of(T operand, T order) {
  const auto x = static_cast<double>(operand);
  const int n = static_cast<int>(order), s = n + 1;
  const double sign = n % 2 == 0 ? -1 : 1;
  if (is_nan(x)) return operand;
  double sum = 0;
  if (x > 0) {
    sum = x == __builtin_inf() ? 0 : hurwitz_zeta(s, x);
  } else if (x == floor_of(x)) {
    return static_cast<T>(sign * __builtin_inf());
  } else {  // the terms x, x + 1, ... that are negative, and those that are positive
    const double fraction = floor_of(x) - x + 1;  // of -x
    sum =
        hurwitz_zeta(s, 1 - fraction) + sign * (hurwitz_zeta(s, fraction) - hurwitz_zeta(s, 1 - x));
  }
  for (int i = 2; i <= n; ++i) sum *= i;
  return static_cast<T>(sign * sum);
}

// sin(pi x) / (pi x)
template <class T>
inline T sinc_of(T x) {
  const T y = sin_pi_of(x) / (T(kPi) * x);
  return x == 0 ? 1 : y;
}
// Its derivative; by the Taylor series near 0, where the formula cancels.
template <class T>
inline T sinc_slope_of(T x) {
  const T u = T(kPi * kPi) * x * x;
  T q = T(18.0 / 121645100408832000);  // 2n / (2n + 1)!, with alternating signs
  q = T(16.0 / 355687428096000) - u * q;
  q = T(14.0 / 1307674368000) - u * q;
  q = T(12.0 / 6227020800) - u * q;
  q = T(10.0 / 39916800) - u * q;
  q = T(8.0 / 362880) - u * q;
  q = T(6.0 / 5040) - u * q;
  q = T(4.0 / 120) - u * q;
  q = T(2.0 / 6) - u * q;
  const T series = T(-kPi * kPi) * x * q;
  const T slope = (cos_pi_of(x) - sinc_of(x)) / x;
  return absolute(x) < T(0.25) ? series : slope;
}

}  // namespace
}  // namespace tapehead::kernels
