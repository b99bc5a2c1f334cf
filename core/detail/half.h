// IEEE half precision, which tensors do not support: f16 in files is read as f32.
#pragma once

#include <bit>
#include <cstdint>

namespace tapehead::core {

/// The exact value of a half-precision number, including infinities and NaN.
inline float half_to_float(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16;
  const uint32_t exponent = bits >> 10 & 0x1fu, mantissa = bits & 0x3ffu;
  if (exponent == 0) {  // subnormal: mantissa 2^-24
    const float size = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -size : size;
  }
  const uint32_t wide = exponent == 0x1f ? 0xffu : exponent + (127 - 15);
  return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

}  // namespace tapehead::core
