// Elementwise kernels of three operands.
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// NaN if any operand is; if the bounds cross, the upper one wins.
template <class T>
inline T clamp_of(T x, T low, T high) {
  const T raised = x < low || is_nan(low) ? low : x;
  return raised > high || is_nan(high) ? high : raised;
}

template <class T>
inline T lerp_of(T x, T y, T weight) {
  // Computed from the nearer end, so that both ends are exact.
  return weight < T(0.5) ? x + weight * (y - x) : y - (y - x) * (1 - weight);
}

// Gradients with respect to a, given the gradient of the result.
template <class T>
inline T maximum_gradient_of(T dy, T a, T b) {
  return a == b ? dy / 2 : a < b ? 0 : dy;
}
template <class T>
inline T minimum_gradient_of(T dy, T a, T b) {
  return a == b ? dy / 2 : a > b ? 0 : dy;
}

// Equal operands, infinities included, have equal shares.
template <class T>
inline T logaddexp_gradient_of(T dy, T a, T b, T scale) {
  return dy * sigmoid_of(a == b ? 0 : scale * (a - b));
}

TAPEHEAD_TERNARY_KERNELS(TAPEHEAD_FUNCTOR_OF_XYZ)

// Types of the same size share one instance. The condition is read as a byte, because GCC 12 does
// not vectorise loops over bool.
struct Where {
  template <class T>
  T operator()(uint8_t condition, T x, T y) const {
    return condition != 0 ? x : y;
  }
};
template <class T>
constexpr Loop where_entry() {
  return ternary_loop<Where, T, uint8_t, T, true>;
}

}  // namespace
}  // namespace tapehead::kernels::TAPEHEAD_ISA

namespace tapehead::kernels {
namespace {
template <>
struct WaitsForMemory<TAPEHEAD_ISA::addcmul> {};
template <>
struct WaitsForMemory<TAPEHEAD_ISA::addcdiv> {};
}  // namespace
}  // namespace tapehead::kernels

namespace tapehead::kernels::TAPEHEAD_ISA {

#define TAPEHEAD_TERNARY_LOOPS(name, types, ...) TAPEHEAD_LOOPS(ternary_entry, name, types)
extern const LoopKernels<Ternary> ternary_kernels = {
    {TAPEHEAD_TERNARY_KERNELS(TAPEHEAD_TERNARY_LOOPS)}};

extern const WhereKernels where_kernels = {
    {where_entry<int32_t>(), where_entry<int64_t>(), where_entry<int16_t>(), where_entry<int64_t>(),
     where_entry<int32_t>(), where_entry<uint8_t>(), where_entry<uint8_t>(), where_entry<int16_t>(),
     where_entry<int16_t>(), where_entry<uint8_t>()}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
