// A matrix product in pieces that BLAS can count: its sizes and strides are of type int.
#pragma once

#include <functional>

#include "tapehead/core/kernels/gemm.h"

namespace tapehead::core {

inline const void* advance(const void* data, DType dtype, int64_t elements) {
  return static_cast<const char*>(data) + elements * size_of(dtype);
}

/// Calls run(piece) for products that together are p, one after the other, none of which has a size
/// or a stride above `most`. Operands with longer strides are copied, a part at a time.
void in_pieces(DType dtype, const Product& p, int64_t most,
               const std::function<void(const Product&)>& run);

/// The part of C that starts at (i, j).
Product block_of(DType dtype, const Product& p, int64_t i, int64_t j, int64_t m, int64_t n);

}  // namespace tapehead::core
