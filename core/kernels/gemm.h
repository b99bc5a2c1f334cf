// Single-threaded matrix products.
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

/// Indexed by DType; null for unsupported dtypes.
struct GemmKernels {
  /// Computes a product. All sizes and strides fit into an int, and none but k may be 0. `room` is
  /// scratch memory of room() bytes.
  void (*multiply[kDTypes])(const core::Product& p, void* room);
  int64_t (*room[kDTypes])(const core::Product& p);  ///< null: none needed
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(gemm, GemmKernels, "matmul linear")
