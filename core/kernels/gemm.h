// Matrix products of one thread.
#pragma once

#include "tapehead/core/detail/gemm.h"
#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"

namespace tapehead::core {

/// The operands of gemm().
struct Product {
  int64_t m, n, k;
  Matrix a, b;
  void* c;
  int64_t row;
  int beta;
};

}  // namespace tapehead::core

namespace tapehead::kernels {

/// By DType; null where it is not supported.
struct GemmKernels {
  /// Computes a product whose sizes and strides fit into an int and none of which is 0, but k may
  /// be. `room` is memory of room() bytes.
  void (*multiply[kDTypes])(const core::Product& p, void* room);
  int64_t (*room[kDTypes])(const core::Product& p);  ///< null: none
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(gemm, GemmKernels, "matmul linear")
