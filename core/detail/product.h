// Splits matrix products into pieces whose sizes and strides fit into the int arguments of BLAS.
#pragma once

#include <functional>

#include "tapehead/core/kernels/gemm.h"

namespace tapehead::core {

inline const void* advance(const void* data, DType dtype, int64_t elements) {
  return static_cast<const char*>(data) + elements * size_of(dtype);
}

/// Calls run(piece) sequentially for products that add up to p and whose sizes and strides are at
/// most `most`. Operands with larger strides are copied part by part.
void in_pieces(DType dtype, const Product& p, int64_t most,
               const std::function<void(const Product&)>& run);

/// The product for the m x n block of C at (i, j).
Product block_of(DType dtype, const Product& p, int64_t i, int64_t j, int64_t m, int64_t n);

}  // namespace tapehead::core
