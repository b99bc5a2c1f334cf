// Elementwise kernels of one operand with numeric parameters: activations and others. Activations
// propagate NaN.
#include "tapehead/core/kernels/loops.h"
#include "tapehead/core/kernels/special_math.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

template <class T>
inline T hardtanh_of(T x, T low, T high) {
  const T raised = x < low ? low : x;
  return raised > high ? high : raised;
}

inline float gelu_of(float x) {
  const ExpParts e = erf_parts(x * static_cast<float>(kRootOfHalf));
  return x * (0.5f + __builtin_copysignf(half_expm1_of_parts(e), x));
}
inline double gelu_of(double x) { return 0.5 * x * (1 + erf_of(x * kRootOfHalf)); }

template <class T>
inline T mish_of(T x) {
  const MishParts<T> m = mish_parts(x);
  return x * (m.n / (m.n + 2));
}

template <class T>
inline T nan_to_num_of(T x, T nan, T highest, T lowest) {
  T limit = x > 0 ? highest : lowest;
  limit = is_nan(x) ? nan : limit;
  return absolute(x) < T(kInfinity) ? x : limit;
}

// A negative eps does not limit x.
template <class T>
inline T logit_of(T x, T eps) {
  const T raised = x < eps ? eps : x, limited = raised > 1 - eps ? 1 - eps : raised;
  const T z = eps < 0 ? x : limited;
  return log_of(z / (1 - z));
}

TAPEHEAD_ACTIVATION_KERNELS(TAPEHEAD_FUNCTOR_OF_X)

}  // namespace
}  // namespace tapehead::kernels::TAPEHEAD_ISA

namespace tapehead::kernels {
namespace {

template <>
struct ConvertsInRegisters<TAPEHEAD_ISA::gelu> {};
template <>
struct ConvertsInRegisters<TAPEHEAD_ISA::gelu_tanh> {};

}  // namespace
}  // namespace tapehead::kernels

namespace tapehead::kernels::TAPEHEAD_ISA {

#define TAPEHEAD_ACTIVATION_LOOPS(name, types, ...) TAPEHEAD_LOOPS(unary_entry, name, types)
extern const LoopKernels<Activation> activation_kernels = {
    {TAPEHEAD_ACTIVATION_KERNELS(TAPEHEAD_ACTIVATION_LOOPS)}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
