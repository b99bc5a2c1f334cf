// Elementwise comparisons of two operands of one type; the result is bool.
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {
TAPEHEAD_COMPARE_KERNELS(TAPEHEAD_FUNCTOR_OF_XY)
}  // namespace

#define TAPEHEAD_COMPARE_LOOPS(name, types, ...) TAPEHEAD_LOOPS(compare_entry, name, types)
extern const LoopKernels<Compare> compare_kernels = {
    {TAPEHEAD_COMPARE_KERNELS(TAPEHEAD_COMPARE_LOOPS)}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
