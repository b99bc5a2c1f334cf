// Elementwise kernels of one operand.
#include "tapehead/core/kernels/loops.h"
#include "tapehead/core/kernels/special_math.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {
TAPEHEAD_UNARY_KERNELS(TAPEHEAD_FUNCTOR_OF_X)
TAPEHEAD_PREDICATE_KERNELS(TAPEHEAD_FUNCTOR_OF_X)
}  // namespace
}  // namespace tapehead::kernels::TAPEHEAD_ISA

namespace tapehead::kernels {
namespace {

struct Turns {
  static bool holds(float x) { return !(absolute(x) <= kMostTurned); }
};
template <>
struct Exceptions<TAPEHEAD_ISA::sin> : Turns {
  static float value(float x) { return __builtin_sinf(x); }
};
template <>
struct Exceptions<TAPEHEAD_ISA::cos> : Turns {
  static float value(float x) { return __builtin_cosf(x); }
};
template <>
struct Exceptions<TAPEHEAD_ISA::tan> : Turns {
  static float value(float x) { return __builtin_tanf(x); }
};

}  // namespace
}  // namespace tapehead::kernels

namespace tapehead::kernels::TAPEHEAD_ISA {

#define TAPEHEAD_UNARY_LOOPS(name, types, ...) TAPEHEAD_LOOPS(unary_entry, name, types)
extern const LoopKernels<Unary> unary_kernels = {{TAPEHEAD_UNARY_KERNELS(TAPEHEAD_UNARY_LOOPS)}};

#define TAPEHEAD_PREDICATE_LOOPS(name, types, ...) TAPEHEAD_LOOPS(predicate_entry, name, types)
extern const LoopKernels<Predicate> predicate_kernels = {
    {TAPEHEAD_PREDICATE_KERNELS(TAPEHEAD_PREDICATE_LOOPS)}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
