// Gradients of elementwise functions: x is the gradient of the result, y the operand or the result.
#include "tapehead/core/kernels/loops.h"
#include "tapehead/core/kernels/special_math.h"

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

template <class T>
inline T mish_slope(T x) {
  const MishParts<T> m = mish_parts(x);
  const T by = 1 / (m.n + 2);
  return m.n * by + x * (4 * m.e * (1 + m.e) * by * by);
}
template <class T>
inline T hardswish_slope(T x) {
  return x <= -3 ? 0 : x < 3 ? x * T(1.0 / 3) + T(0.5) : 1;
}
// A negative eps does not limit x.
template <class T>
inline T logit_gradient_of(T dy, T x, T eps) {
  const T low = eps < 0 ? T(0) : eps, outside = eps < 0 ? T(__builtin_nanf("")) : T(0);
  const T inside = dy / (x * (1 - x));
  return x < low || x > 1 - low ? outside : inside;
}

TAPEHEAD_GRADIENT_KERNELS(TAPEHEAD_FUNCTOR_OF_XY)

}  // namespace

}  // namespace tapehead::kernels::TAPEHEAD_ISA

namespace tapehead::kernels {
namespace {

struct Turns {
  static bool holds(float, float y) { return !(absolute(y) <= kMostTurned); }
};
template <>
struct Exceptions<TAPEHEAD_ISA::sin> : Turns {
  static float value(float x, float y) { return x * __builtin_cosf(y); }
};
template <>
struct Exceptions<TAPEHEAD_ISA::cos> : Turns {
  static float value(float x, float y) { return -x * __builtin_sinf(y); }
};

template <>
struct ConvertsInRegisters<TAPEHEAD_ISA::gelu> {};
template <>
struct ConvertsInRegisters<TAPEHEAD_ISA::gelu_tanh> {};

}  // namespace
}  // namespace tapehead::kernels

namespace tapehead::kernels::TAPEHEAD_ISA {

#define TAPEHEAD_GRADIENT_LOOPS(name, types, ...) TAPEHEAD_LOOPS(dense_binary_entry, name, types)
extern const LoopKernels<Gradient> gradient_kernels = {
    {TAPEHEAD_GRADIENT_KERNELS(TAPEHEAD_GRADIENT_LOOPS)}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
