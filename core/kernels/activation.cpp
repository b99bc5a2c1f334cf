// Activations: elementwise kernels of one operand with numeric parameters. All propagate NaN.
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
inline T hardtanh_of(T x, T low, T high) {
  const T raised = x < low ? low : x;
  return raised > high ? high : raised;
}

TAPEHEAD_ACTIVATION_KERNELS(TAPEHEAD_FUNCTOR_OF_X)

}  // namespace

#define TAPEHEAD_ACTIVATION_LOOPS(name, types, ...) TAPEHEAD_LOOPS(unary_entry, name, types)
extern const LoopKernels<Activation> activation_kernels = {
    {TAPEHEAD_ACTIVATION_KERNELS(TAPEHEAD_ACTIVATION_LOOPS)}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
