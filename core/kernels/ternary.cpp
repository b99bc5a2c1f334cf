// Elementwise kernels of three operands.
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// NaN if any is; the upper bound wins over the lower.
struct clamp {
  template <class T>
  T operator()(T x, T low, T high) const {
    const T raised = x < low || low != low ? low : x;
    return raised > high || high != high ? high : raised;
  }
};
struct lerp {
  template <class T>
  T operator()(T x, T y, T weight) const {
    // From the nearer end, so that both ends are met exactly.
    return weight < T(0.5) ? x + weight * (y - x) : y - (y - x) * (1 - weight);
  }
};

// Gradients of a / b with respect to b, and of maximum and minimum with respect to a.
struct div_gradient {
  template <class T>
  T operator()(T dy, T a, T b) const {
    return -(dy / b) * (a / b);
  }
};
struct maximum_gradient {
  template <class T>
  T operator()(T dy, T a, T b) const {
    return a == b ? dy / 2 : a < b ? 0 : dy;
  }
};
struct minimum_gradient {
  template <class T>
  T operator()(T dy, T a, T b) const {
    return a == b ? dy / 2 : a > b ? 0 : dy;
  }
};

// Elements of one size are chosen alike.
struct where {
  template <class T>
  T operator()(bool condition, T x, T y) const {
    return condition ? x : y;
  }
};
template <class T>
constexpr Loop where_entry = ternary_loop<where, T, bool, T>;

}  // namespace

#define TAPEHEAD_ROW(name, types, ...) TAPEHEAD_LOOPS(ternary_entry, name, types)
extern const Loop ternary_loops[][kDTypes] = {TAPEHEAD_TERNARY_KERNELS(TAPEHEAD_ROW)};
#undef TAPEHEAD_ROW

extern const Loop where_loops[kDTypes] = {
    where_entry<int32_t>, where_entry<int64_t>, where_entry<int16_t>, where_entry<int64_t>,
    where_entry<int32_t>, where_entry<uint8_t>, where_entry<uint8_t>};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
