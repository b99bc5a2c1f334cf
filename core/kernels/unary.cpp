// Elementwise kernels of one operand.
#include "tapehead/core/kernels/loops.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {
TAPEHEAD_UNARY_KERNELS(TAPEHEAD_FUNCTOR_OF_X)
TAPEHEAD_PREDICATE_KERNELS(TAPEHEAD_FUNCTOR_OF_X)
}  // namespace

#define TAPEHEAD_UNARY_LOOPS(name, types, ...) TAPEHEAD_LOOPS(unary_entry, name, types)
extern const LoopKernels<Unary> unary_kernels = {{TAPEHEAD_UNARY_KERNELS(TAPEHEAD_UNARY_LOOPS)}};

#define TAPEHEAD_PREDICATE_LOOPS(name, types, ...) TAPEHEAD_LOOPS(predicate_entry, name, types)
extern const LoopKernels<Predicate> predicate_kernels = {
    {TAPEHEAD_PREDICATE_KERNELS(TAPEHEAD_PREDICATE_LOOPS)}};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
