// Gradients of embeddings.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::detail {

/// x [..., C], the rows of a table for contiguous ids i64 [...] below `rows`, whose gradient is
/// divided by the number of times that the id of each row occurs.
Tensor scale_grad_by_frequency(const Tensor& x, const Tensor& ids, int64_t rows);

}  // namespace tapehead::detail
