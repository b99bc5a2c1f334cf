// Sums of rows of a table, each times factors of its own: embeddings of the words of a sentence.
#pragma once

#include <cstdint>

#include "tapehead/core/kernels/family.h"

namespace tapehead::kernels {

template <class T>
struct BagKernels {
  /// out[c] = the sum of table[ids[j]][c] factors[j][c] over those j < n whose id is not `skip`;
  /// the factors are 1 when null.
  void (*sum)(const T* table, const int64_t* ids, int64_t skip, const T* factors, T* out, int64_t n,
              int64_t width);
  /// to[c] += the sum of dy[p / n][c] factors[p % n][c] over `count` positions p.
  void (*add_to_row)(T* to, const T* dy, const T* factors, const int64_t* positions, int64_t count,
                     int64_t n, int64_t width);
  /// to[c] += x[c] y[c], without contraction.
  void (*accumulate_matmul)(T* to, const T* x, const T* y, int64_t n);
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS_WIDE(bag, BagKernels, "embedding_bag")
