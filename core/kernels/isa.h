// What each instruction set's build of this folder defines: TAPEHEAD_ISA names its namespace.
#pragma once

#include "tapehead/core/kernels/kernels.h"

namespace tapehead::kernels {

/// Elementwise kernels compute on elements that lie side by side, bf16 as f32. A plan says how all
/// other operands are brought to them, in blocks: sizes are those of elements in memory and as
/// computed.
struct BlockPlan {
  Loop loop;
  int operands;
  int64_t stored[4];
  int64_t computed[4];
};

#define TAPEHEAD_DECLARE(isa)                                                                  \
  namespace isa {                                                                              \
  void run_blocks(const BlockPlan& plan, char* const* data, const int64_t* strides, int64_t n, \
                  const double* numbers);                                                      \
  extern const Loop unary_loops[][kDTypes];                                                    \
  extern const Loop predicate_loops[][kDTypes];                                                \
  extern const Loop activation_loops[][kDTypes];                                               \
  extern const Loop binary_loops[][kDTypes];                                                   \
  extern const Loop compare_loops[][kDTypes];                                                  \
  extern const Loop gradient_loops[][kDTypes];                                                 \
  extern const Loop ternary_loops[][kDTypes];                                                  \
  extern const Loop where_loops[kDTypes];                                                      \
  extern const Loop cast_loops[kDTypes][kDTypes];                                              \
  extern const Reducer reducers[][kDTypes];                                                    \
  extern const AdditiveKernels<double> additive_f64;                                           \
  extern const AttentionKernels<double> attention_f64;                                         \
  extern const AttentionKernels<float> attention_f32;                                          \
  extern const AdditiveKernels<float> additive_f32;                                            \
  extern const BagKernels<double> bag_f64;                                                     \
  extern const BagKernels<float> bag_f32;                                                      \
  extern const CellKernels<double> cells_f64;                                                  \
  extern const CellKernels<float> cells_f32;                                                   \
  extern const EntityKernels<double> entity_f64;                                               \
  extern const EntityKernels<float> entity_f32;                                                \
  extern const NormKernels norm_kernels[];                                                     \
  extern const Reducer two_pass_reducers[][kDTypes];                                           \
  extern const OptimKernels optim_kernels;                                                     \
  extern const RandomKernels random_kernels;                                                   \
  extern const RowKernels row_kernels[];                                                       \
  extern const SlotKernels<double> slots_f64;                                                  \
  extern const SlotKernels<float> slots_f32;                                                   \
  extern const Table table;                                                                    \
  }
TAPEHEAD_DECLARE(baseline)
TAPEHEAD_DECLARE(avx2)
TAPEHEAD_DECLARE(avx512)
#undef TAPEHEAD_DECLARE

}  // namespace tapehead::kernels
