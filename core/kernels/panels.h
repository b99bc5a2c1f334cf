// Matrix products whose right operand has been packed into panels of a few columns each.
#pragma once

#include "tapehead/core/kernels/family.h"
#include "tapehead/core/kernels/gemm.h"

namespace tapehead::kernels {

/// Each element of C is the sum of the same parts in the same order however rows and columns are
/// divided between calls.
struct PanelKernels {
  /// Whether the product is faster in panels than by gemm.h's kernels.
  bool (*suits)(const core::Product& p);
  /// The number of columns of a panel.
  int64_t (*width)();
  /// The number of parts of k that are packed and multiplied at a time, in turn.
  int64_t (*parts)(int64_t k);
  /// The size of the packed parts `part` to `end` of a k x n matrix, in bytes.
  int64_t (*packed_size)(int64_t k, int64_t n, int64_t part, int64_t end);
  /// Packs a part of columns `first` to `last` of p.b. Both are multiples of width(), or n.
  void (*pack)(const core::Product& p, int64_t part, int64_t first, int64_t last, void* packed);
  /// Computes columns `first` to `last` of C from parts `part` to `end`, which are packed one after
  /// the other. All but those that begin with part 0 are added to C.
  void (*multiply)(const core::Product& p, int64_t part, int64_t end, int64_t first, int64_t last,
                   const void* packed);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(panels, PanelKernels, "matmul linear")
