// Weighted sums of rows of a table, for embedding_bag.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

inline constexpr int64_t kBagStep = 16;

template <class T>
struct BagKernels {
  /// out[i][c] = sum of table[ids[i][j]][c] factors[j][c] over j < n with ids[i][j] != skip, for
  /// i < bags. Null factors stand for ones.
  void (*sum)(const T* table, const int64_t* ids, int64_t skip, const T* factors, T* out,
              int64_t bags, int64_t n, int64_t width);
  /// to[c] += sum of dy[p / n][c] factors[p % n][c] over `count` positions p.
  void (*add_to_row)(T* to, const T* dy, const T* factors, const int64_t* positions, int64_t count,
                     int64_t n, int64_t width);
  /// to[ids[i][j]][c] += dy[i][c] factors[j][c] for i < bags and j < n with ids[i][j] != skip, in
  /// this order. The rows of `to` are `step` elements apart, a multiple of kBagStep; what is
  /// between them is overwritten.
  void (*add_to_rows)(T* to, int64_t step, const int64_t* ids, int64_t skip, const T* dy,
                      const T* factors, int64_t bags, int64_t n, int64_t width);
  /// to[c] += x[c] y[c], without fused multiply-add.
  void (*accumulate_matmul)(T* to, const T* x, const T* y, int64_t n);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(bag, BagKernels, "embedding_bag")
