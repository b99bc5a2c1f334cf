// What each instruction set's build of this folder defines: TAPEHEAD_ISA names its namespace.
#pragma once

#include "tapehead/core/kernels/kernels.h"

namespace tapehead::kernels {

#define TAPEHEAD_DECLARE(isa)                       \
  namespace isa {                                   \
  extern const Loop unary_loops[][kDTypes];         \
  extern const Loop predicate_loops[][kDTypes];     \
  extern const Loop activation_loops[][kDTypes];    \
  extern const Loop binary_loops[][kDTypes];        \
  extern const Loop compare_loops[][kDTypes];       \
  extern const Loop gradient_loops[][kDTypes];      \
  extern const Loop ternary_loops[][kDTypes];       \
  extern const Loop where_loops[kDTypes];           \
  extern const Loop cast_loops[][kDTypes];          \
  extern const Reducer reducers[][kDTypes];         \
  extern const RowKernels row_kernels[];            \
  extern const RandomKernels random_kernels;        \
  extern const OptimKernels optim_kernels;          \
  extern const CellKernels<float> cells_f32;        \
  extern const CellKernels<double> cells_f64;       \
  extern const AdditiveKernels<float> additive_f32; \
  extern const AdditiveKernels<double> additive_f64;\
  extern const Table table;                         \
  }
TAPEHEAD_DECLARE(baseline)
TAPEHEAD_DECLARE(avx2)
TAPEHEAD_DECLARE(avx512)
#undef TAPEHEAD_DECLARE

}  // namespace tapehead::kernels
