// Elementwise kernels of one operand.
#include "tapehead/core/kernels/isa.h"
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

struct neg {
  template <class T>
  static T of(T x) { return static_cast<T>(-x); }
};
struct exp {
  template <class T>
  static T of(T x) { return exp_of(x); }
};
struct tanh {
  template <class T>
  static T of(T x) { return tanh_of(x); }
};

template <class F, auto kTypes, class T>
constexpr Loop entry() {
  if constexpr (kTypes(dtype_of<T>())) return unary_loop<T, T, F>;
  else return nullptr;
}

}  // namespace

#define TAPEHEAD_ROW(name, types, ...)                                                           \
  {entry<name, types, float>(),   entry<name, types, double>(),  entry<name, types, bfloat16>(), \
   entry<name, types, int64_t>(), entry<name, types, int32_t>(), entry<name, types, uint8_t>(),  \
   entry<name, types, bool>()},
extern const Loop unary_loops[][kDTypes] = {TAPEHEAD_UNARY_KERNELS(TAPEHEAD_ROW)};
#undef TAPEHEAD_ROW

}  // namespace tapehead::kernels::TAPEHEAD_ISA
