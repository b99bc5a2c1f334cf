// Elementwise kernels of two operands of one type, which is also the result's.
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

inline float mod_of(float x, float y) { return __builtin_fmodf(x, y); }
inline double mod_of(double x, double y) { return __builtin_fmod(x, y); }
inline float copysign_of(float x, float y) { return __builtin_copysignf(x, y); }
inline double copysign_of(double x, double y) { return __builtin_copysign(x, y); }

template <class T>
inline T product_of(T x, T y) {
  return static_cast<T>(wrap(x) * wrap(y));
}
inline bool product_of(bool x, bool y) { return x && y; }

// Like Python's // and %: the quotient rounds down and the remainder has the divisor's sign. The
// caller ensures that integer divisors are nonzero.
template <class T>
inline T floor_divide_of(T x, T y) {
  if constexpr (floating(dtype_of<T>())) {
    if (y == 0) return x / y;
    const T rest = mod_of(x, y);
    T quotient = (x - rest) / y;
    if (rest != 0 && (rest < 0) != (y < 0)) quotient -= 1;
    if (quotient == 0) return copysign_of(T(0), x / y);
    const T down = floor_of(quotient);
    return quotient - down > T(0.5) ? down + 1 : down;
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
    const T rest = mod_of(x, y);
    return rest != 0 && (rest < 0) != (y < 0) ? rest + y : rest;
  } else {
    if (y == static_cast<T>(-1)) return 0;
    const T rest = static_cast<T>(x % y);
    return rest != 0 && (rest < 0) != (y < 0) ? static_cast<T>(rest + y) : rest;
  }
}
inline uint8_t remainder_of(uint8_t x, uint8_t y) { return static_cast<uint8_t>(x % y); }

inline float power_of(float x, float y) { return __builtin_powf(x, y); }
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

TAPEHEAD_BINARY_KERNELS(TAPEHEAD_FUNCTOR_OF_XY)

}  // namespace

#define TAPEHEAD_BINARY_LOOPS(name, types, ...) TAPEHEAD_LOOPS(binary_entry, name, types)
extern const LoopKernels<Binary> binary_kernels = {
    {TAPEHEAD_BINARY_KERNELS(TAPEHEAD_BINARY_LOOPS)}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
