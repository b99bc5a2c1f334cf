// The kernels of one instruction set, gathered.
#include "tapehead/core/kernels/isa.h"

#define TAPEHEAD_STRING_OF(x) #x
#define TAPEHEAD_STRING(x) TAPEHEAD_STRING_OF(x)

namespace tapehead::kernels::TAPEHEAD_ISA {

const Table table = {
    .isa = TAPEHEAD_STRING(TAPEHEAD_ISA),
    .unary = unary_loops,
    .predicate = predicate_loops,
    .activation = activation_loops,
    .binary = binary_loops,
    .compare = compare_loops,
    .gradient = gradient_loops,
    .ternary = ternary_loops,
    .where = where_loops,
    .cast = cast_loops,
    .reduce = reducers,
    .two_pass = two_pass_reducers,
    .norm = norm_kernels,
    .rows = row_kernels,
    .random = &random_kernels,
    .cells_f32 = &cells_f32,
    .cells_f64 = &cells_f64,
    .additive_f32 = &additive_f32,
    .additive_f64 = &additive_f64,
    .bag_f32 = &bag_f32,
    .bag_f64 = &bag_f64,
    .entity_f32 = &entity_f32,
    .entity_f64 = &entity_f64,
    .slots_f32 = &slots_f32,
    .slots_f64 = &slots_f64,
    .attention_f32 = &attention_f32,
    .attention_f64 = &attention_f64,
    .optim = &optim_kernels,
};

}  // namespace tapehead::kernels::TAPEHEAD_ISA
