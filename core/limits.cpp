#include "tapehead/core/limits.h"

#include <fmt/format.h>

#include <limits>
#include <type_traits>

#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// `digits` bits of significand, and exponents from `least` to `most` as of frexp.
FloatInfo limits_of(DType dtype, int digits, int least, int most, double resolution) {
  const double max = (1 - __builtin_ldexp(1, -digits)) * 2 * __builtin_ldexp(1, most - 1);
  const double normal = __builtin_ldexp(1, least - 1);
  return {.dtype = dtype,
          .bits = static_cast<int>(8 * size_of(dtype)),
          .eps = __builtin_ldexp(1, 1 - digits),
          .min = -max,
          .max = max,
          .smallest_normal = normal,
          .tiny = normal,
          .resolution = resolution};
}

}  // namespace

FloatInfo finfo(DType dtype) {
  if (!is_floating(dtype))
    throw DTypeError(
        fmt::format("finfo: {} is not a floating type; use iinfo for integers", name(dtype)));
  if (dtype == f64) return limits_of(f64, 53, -1021, 1024, 1e-15);
  if (dtype == f32) return limits_of(f32, 24, -125, 128, 1e-6);
  if (dtype == bf16) return limits_of(bf16, bfloat16::kDigits, -125, 128, 1e-2);
  return limits_of(f16, float16::kDigits, -13, 16, 1e-3);
}

IntegerInfo iinfo(DType dtype) {
  if (!is_integral(dtype))
    throw DTypeError(
        fmt::format("iinfo: {} is not an integer type; use finfo for floating types", name(dtype)));
  return visit(dtype, [&]<class T>() -> IntegerInfo {
    if constexpr (std::is_integral_v<T>)
      return {.dtype = dtype,
              .bits = static_cast<int>(8 * size_of(dtype)),
              .min = std::numeric_limits<T>::min(),
              .max = std::numeric_limits<T>::max()};
    else return {};
  });
}

}  // namespace tapehead
