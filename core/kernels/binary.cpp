// Elementwise kernels of two operands of one type.
#include "tapehead/core/kernels/isa.h"
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

struct add {
  template <class T>
  static T of(T x, T y) { return static_cast<T>(x + y); }
};
struct sub {
  template <class T>
  static T of(T x, T y) { return static_cast<T>(x - y); }
};
struct mul {
  template <class T>
  static T of(T x, T y) { return static_cast<T>(x * y); }
  static bool of(bool x, bool y) { return x && y; }
};
struct div {
  template <class T>
  static T of(T x, T y) { return x / y; }
};

template <class F, auto kTypes, class T>
constexpr Loop entry() {
  if constexpr (kTypes(dtype_of<T>())) return binary_loop<T, T, F>;
  else return nullptr;
}

}  // namespace

#define TAPEHEAD_ROW(name, types, ...)                                                           \
  {entry<name, types, float>(),   entry<name, types, double>(),  entry<name, types, bfloat16>(), \
   entry<name, types, int64_t>(), entry<name, types, int32_t>(), entry<name, types, uint8_t>(),  \
   entry<name, types, bool>()},
extern const Loop binary_loops[][kDTypes] = {TAPEHEAD_BINARY_KERNELS(TAPEHEAD_ROW)};
#undef TAPEHEAD_ROW

}  // namespace tapehead::kernels::TAPEHEAD_ISA
