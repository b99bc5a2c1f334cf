// Gradients of elementwise functions: x is the gradient of the result, y the operand or the result.
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
inline T gelu_slope(T x) {
  const T below = T(0.5) * (1 + erf_of(x * T(kRootOfHalf)));
  return below + x * T(0.3989422804014327) * exp_of(T(-0.5) * x * x);
}
template <class T>
inline T gelu_tanh_slope(T x) {
  const SigmoidParts<T> s = sigmoid_parts(gelu_tanh_argument(x));
  return s.value + x * s.slope * gelu_tanh_argument_slope(x);
}
template <class T>
inline T silu_slope(T x) {
  const SigmoidParts<T> s = sigmoid_parts(x);
  return s.value + x * s.slope;
}
template <class T>
inline T squared(T x) {
  return x * x;
}

TAPEHEAD_GRADIENT_KERNELS(TAPEHEAD_FUNCTOR_OF_XY)

}  // namespace

#define TAPEHEAD_GRADIENT_LOOPS(name, types, ...) TAPEHEAD_LOOPS(gradient_entry, name, types)
extern const LoopKernels<Gradient> gradient_kernels = {
    {TAPEHEAD_GRADIENT_KERNELS(TAPEHEAD_GRADIENT_LOOPS)}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
