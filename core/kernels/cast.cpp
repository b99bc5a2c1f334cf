// Conversions between all element types.
#include "tapehead/core/kernels/isa.h"
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

// Values outside of an integer type are what the processor makes of them; anything but 0 is true.
template <class To>
struct convert {
  template <class From>
  To operator()(From x) const {
    return static_cast<To>(x);
  }
};

template <class From, class To>
constexpr Loop cast_entry() {
  if constexpr (dtype_of<From>() != dtype_of<To>()) return unary_loop<convert<To>, To, From>;
  // A copy depends on the size alone.
  else if constexpr (sizeof(From) == 8) return unary_loop<convert<int64_t>, int64_t, int64_t>;
  else if constexpr (sizeof(From) == 4) return unary_loop<convert<int32_t>, int32_t, int32_t>;
  else if constexpr (sizeof(From) == 2) return unary_loop<convert<int16_t>, int16_t, int16_t>;
  else return unary_loop<convert<uint8_t>, uint8_t, uint8_t>;
}

}  // namespace

#define TAPEHEAD_CASTS(From)                                                               \
  {cast_entry<From, float>(),   cast_entry<From, double>(),  cast_entry<From, bfloat16>(), \
   cast_entry<From, int64_t>(), cast_entry<From, int32_t>(), cast_entry<From, uint8_t>(),  \
   cast_entry<From, bool>()},
extern const Loop cast_loops[kDTypes][kDTypes] = {
    TAPEHEAD_CASTS(float) TAPEHEAD_CASTS(double) TAPEHEAD_CASTS(bfloat16) TAPEHEAD_CASTS(int64_t)
        TAPEHEAD_CASTS(int32_t) TAPEHEAD_CASTS(uint8_t) TAPEHEAD_CASTS(bool)};
#undef TAPEHEAD_CASTS

}  // namespace tapehead::kernels::TAPEHEAD_ISA
