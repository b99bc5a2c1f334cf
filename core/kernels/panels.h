// Matrix products whose right operand has been packed into panels of a few columns each.
#pragma once

#include "tapehead/core/kernels/family.h"
#include "tapehead/core/kernels/gemm.h"

namespace tapehead::core {

/// C = A B + beta C + bias, as of Product. Each operand is f32 or bf16; sums are f32.
struct PanelProduct {
  int64_t m, n, k;
  Matrix a, b;
  DType a_type, b_type, c_type;
  void* c;
  int64_t row;
  int beta;
  const float* bias;  ///< added to each row of C; null: none
};

}  // namespace tapehead::core

namespace tapehead::kernels {

/// The distance in memory of the rows of A that are multiplied with a panel, in packed elements of
/// four bytes. No power of two, so that the rows use different sets of the caches.
inline constexpr int64_t kPanelRowStep = 400;

/// k is cut into parts, which are packed and multiplied in turn. Each element of C is the sum of
/// the same parts in the same order however rows and columns are divided between calls.
struct PanelKernels {
  /// Whether f32 products of this shape are faster in panels than by gemm.h's kernels.
  bool (*suits)(const core::Product& p);
  /// The number of columns of a panel.
  int64_t (*width)();
  /// The number of parts of k.
  int64_t (*parts)(int64_t k);
  /// The size of the packed parts `part` to `end` of a k x n matrix, in bytes.
  int64_t (*packed_size)(int64_t k, int64_t n, int64_t part, int64_t end);
  /// Packs a part of columns `first` to `last` of p.b. Both are multiples of width(), or n.
  void (*pack)(const core::PanelProduct& p, int64_t part, int64_t first, int64_t last,
               void* packed);
  /// Computes columns `first` to `last` of C from parts `part` to `end`, which are packed one after
  /// the other. All but those that begin with part 0 are added to C; a C in bf16 takes all parts.
  void (*multiply)(const core::PanelProduct& p, int64_t part, int64_t end, int64_t first,
                   int64_t last, const void* packed);
};

}  // namespace tapehead::kernels

// Multiply in f32.
TAPEHEAD_KERNELS(panels, PanelKernels, "matmul linear")
// Multiply in bf16, to which f32 operands are rounded, where the CPU can; in f32 elsewhere.
TAPEHEAD_KERNELS(bf16_panels, PanelKernels, "matmul linear", avx512_bf16)
