// Elementwise kernels of two operands of one type, which is that of the result.
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

inline float mod_of(float x, float y) { return __builtin_fmodf(x, y); }
inline double mod_of(double x, double y) { return __builtin_fmod(x, y); }
inline float floor_of(float x) { return __builtin_floorf(x); }
inline double floor_of(double x) { return __builtin_floor(x); }
inline float pow_of(float x, float y) { return __builtin_powf(x, y); }
inline double pow_of(double x, double y) { return __builtin_pow(x, y); }
inline float copysign_of(float x, float y) { return __builtin_copysignf(x, y); }
inline double copysign_of(double x, double y) { return __builtin_copysign(x, y); }

struct add {
  template <class T>
  T operator()(T x, T y) const {
    return static_cast<T>(Wrapping<T>(x) + Wrapping<T>(y));
  }
};
struct sub {
  template <class T>
  T operator()(T x, T y) const {
    return static_cast<T>(Wrapping<T>(x) - Wrapping<T>(y));
  }
};
struct mul {
  template <class T>
  T operator()(T x, T y) const {
    return static_cast<T>(Wrapping<T>(x) * Wrapping<T>(y));
  }
  bool operator()(bool x, bool y) const { return x && y; }
};
struct div {
  template <class T>
  T operator()(T x, T y) const {
    return x / y;
  }
};

// As Python's // and %: the quotient is rounded down and the remainder has the divisor's sign. The
// caller sees to it that no integer divisor is 0.
struct floor_divide {
  template <class T>
  T operator()(T x, T y) const {
    if constexpr (floating(dtype_of<T>())) {
      if (y == 0) return x / y;
      const T rest = mod_of(x, y);
      T quotient = (x - rest) / y;
      if (rest != 0 && (rest < 0) != (y < 0)) quotient -= 1;
      if (quotient == 0) return copysign_of(T(0), x / y);
      const T down = floor_of(quotient);
      return quotient - down > T(0.5) ? down + 1 : down;
    } else {
      if (y == static_cast<T>(-1))
        return static_cast<T>(-Wrapping<T>(x));  // the smallest / -1 traps
      const T quotient = x / y;
      return static_cast<T>(quotient - (x % y != 0 && (x < 0) != (y < 0)));
    }
  }
  uint8_t operator()(uint8_t x, uint8_t y) const { return static_cast<uint8_t>(x / y); }
};
struct remainder {
  template <class T>
  T operator()(T x, T y) const {
    if constexpr (floating(dtype_of<T>())) {
      const T rest = mod_of(x, y);
      return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
    } else {
      if (y == static_cast<T>(-1)) return 0;
      const T rest = static_cast<T>(x % y);
      return rest != 0 && (rest < 0) != (y < 0) ? static_cast<T>(rest + y) : rest;
    }
  }
  uint8_t operator()(uint8_t x, uint8_t y) const { return static_cast<uint8_t>(x % y); }
};

// Integers are taken to powers modulo 2^bits. The caller sees to it that no exponent is negative.
struct pow {
  template <class T>
  T operator()(T x, T y) const {
    if constexpr (floating(dtype_of<T>())) {
      return pow_of(x, y);
    } else {
      Wrapping<T> power = 1, base = static_cast<Wrapping<T>>(x);
      for (auto n = static_cast<Wrapping<T>>(y); n != 0; n = static_cast<Wrapping<T>>(n >> 1)) {
        if (n & 1) power = static_cast<Wrapping<T>>(power * base);
        base = static_cast<Wrapping<T>>(base * base);
      }
      return static_cast<T>(power);
    }
  }
};

// NaN if either is.
struct maximum {
  template <class T>
  T operator()(T x, T y) const {
    return x > y || x != x ? x : y;
  }
};
struct minimum {
  template <class T>
  T operator()(T x, T y) const {
    return x < y || x != x ? x : y;
  }
};

struct bitwise_and {
  template <class T>
  T operator()(T x, T y) const {
    return static_cast<T>(x & y);
  }
};
struct bitwise_or {
  template <class T>
  T operator()(T x, T y) const {
    return static_cast<T>(x | y);
  }
};
struct bitwise_xor {
  template <class T>
  T operator()(T x, T y) const {
    return static_cast<T>(x ^ y);
  }
};

}  // namespace

#define TAPEHEAD_ROW(name, types, ...) TAPEHEAD_LOOPS(binary_entry, name, types)
extern const Loop binary_loops[][kDTypes] = {TAPEHEAD_BINARY_KERNELS(TAPEHEAD_ROW)};
#undef TAPEHEAD_ROW

}  // namespace tapehead::kernels::TAPEHEAD_ISA
