// Matrix products with few rows, such as those of generating a token: B is read once, where it is,
// at the speed of the memory. In panels, it would be copied first.
#pragma once

#include "tapehead/core/kernels/family.h"
#include "tapehead/core/kernels/panels.h"

namespace tapehead::kernels {

/// Each element of C is the same sum, in the same order, however columns are divided between calls.
struct RowProductKernels {
  /// Whether a product is faster than in panels or by gemm.h's kernels.
  bool (*suits)(const core::PanelProduct& p);
  /// The size of the packed rows of A, in bytes.
  int64_t (*packed_size)(int64_t m, int64_t k);
  /// Packs all rows of p.a.
  void (*pack)(const core::PanelProduct& p, void* packed);
  /// Computes columns `first` to `last` of C. p.a is not read.
  void (*multiply)(const core::PanelProduct& p, int64_t first, int64_t last, const void* packed);
};

}  // namespace tapehead::kernels

// Multiply in f32.
TAPEHEAD_KERNELS(row_products, RowProductKernels, "matmul linear")
// For a B in bf16: multiply in bf16, to which an A in f32 is rounded, where the CPU can; in f32
// elsewhere.
TAPEHEAD_KERNELS(bf16_row_products, RowProductKernels, "matmul linear", avx512_bf16)
