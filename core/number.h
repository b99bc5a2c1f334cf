// C++ numbers as op arguments.
#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "tapehead/core/dtype.h"

namespace tapehead {

namespace detail {

[[noreturn]] void throw_beyond_i64(uint64_t value);

/// Converts an integer to i64. Throws ValueError if it does not fit.
template <class T>
int64_t to_i64(T value) {
  if constexpr (std::is_unsigned_v<T> && sizeof(T) == sizeof(int64_t))
    if (value > static_cast<T>(INT64_MAX)) throw_beyond_i64(value);
  return static_cast<int64_t>(value);
}

}  // namespace detail

/// A C++ number with its kind (floating, integer or bool): arange(5) is i64, arange(5.0) is f32.
struct Number {
  double floating = 0;
  int64_t integer = 0;  ///< 0 unless the number is an integer or bool
  DType dtype = f32;    ///< f32, i64 or bool

  template <class T>
  requires std::is_arithmetic_v<T> Number(T x) : floating(static_cast<double>(x)) {
    if constexpr (std::is_integral_v<T>) {
      integer = detail::to_i64(x);
      dtype = std::is_same_v<T, bool> ? boolean : i64;
    }
  }
};

namespace detail {

/// Whether a number is within the range of T, after rounding to a floating T or truncation towards
/// 0 to an integer T.
template <class T>
bool fits(const Number& x) {
  if constexpr (std::is_same_v<T, bool>) {
    return true;
  } else if constexpr (!std::is_integral_v<T>) {
    const bool infinite = __builtin_isinf(static_cast<double>(static_cast<T>(x.floating)));
    return !infinite || __builtin_isinf(x.floating);
  } else if (is_floating(x.dtype)) {
    using Limits = std::numeric_limits<T>;
    const double whole = __builtin_trunc(x.floating);
    return whole >= static_cast<double>(Limits::min()) &&
           whole < __builtin_ldexp(1, Limits::digits);
  } else if constexpr (std::is_unsigned_v<T>) {
    return x.integer >= 0 && static_cast<uint64_t>(x.integer) <= std::numeric_limits<T>::max();
  } else {
    return x.integer >= std::numeric_limits<T>::min() && x.integer <= std::numeric_limits<T>::max();
  }
}

/// Converts a number for which fits<T>() is true.
template <class T>
T to(const Number& x) {
  return is_floating(x.dtype) ? static_cast<T>(x.floating) : static_cast<T>(x.integer);
}

}  // namespace detail

namespace core {

/// Throws ValueError, naming `op`, if the number is outside the range of `dtype`.
void check_range(const char* op, const Number& number, DType dtype);

}  // namespace core
}  // namespace tapehead
