// Branch-free mathematical functions that the compiler turns into vector code. Internal linkage only.
#pragma once

#include <cstdint>

namespace tapehead::kernels {
namespace {

// exp(x) = 2^k exp(r), |r| <= ln(2)/2, by a polynomial in r.
inline float exp_of(float x) {
  x = x < -103.9f ? -103.9f : x;  // keeps NaN
  x = x > 88.8f ? 88.8f : x;
  const float k = __builtin_rintf(x * 1.44269504f);
  const float r = (x - k * 0.693359375f) + k * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  // Two factors, because 2^128 is not a float but its product with p < 1 is.
  const int32_t half = static_cast<int32_t>(k) / 2, rest = static_cast<int32_t>(k) - half;
  const int32_t bits0 = (half + 127) << 23, bits1 = (rest + 127) << 23;
  float scale0, scale1;
  __builtin_memcpy(&scale0, &bits0, 4);
  __builtin_memcpy(&scale1, &bits1, 4);
  return p * scale0 * scale1;
}
inline double exp_of(double x) { return __builtin_exp(x); }

inline float tanh_of(float x) { return __builtin_tanhf(x); }
inline double tanh_of(double x) { return __builtin_tanh(x); }

}  // namespace
}  // namespace tapehead::kernels
