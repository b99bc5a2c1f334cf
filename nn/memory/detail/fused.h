// What passes over a whole memory, or over its links, as one op each. Operands are of one dtype.
//
// B batch, N slots, W size of a slot, R heads.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::nn::detail {

/// memory [B, N, W] and keys [B, R, W] to their cosines [B, R, N], as content_weights() has them.
Tensor cosines(const Tensor& memory, const Tensor& keys);

/// write_memory().
Tensor written_memory(const Tensor& memory, const Tensor& weights, const Tensor& erase,
                      const Tensor& add);

/// links [B, N, N], precedence and written [B, N], read [B, R, N] to the next links, and where they
/// lead backward and forward, [B, R, N], as follow_links() has them.
std::vector<Tensor> linked(const Tensor& links, const Tensor& precedence, const Tensor& written,
                           const Tensor& read);

}  // namespace tapehead::nn::detail
