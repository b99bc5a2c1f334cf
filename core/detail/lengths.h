// Sequence lengths of a batch.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// Returns the lengths of the B sequences of a batch padded to T steps, as contiguous i64 [B].
/// Throws DTypeError unless they are integers, ShapeError unless they have shape [B], and
/// IndexError naming the first one outside least..T. Messages start with `op`.
Tensor check_lengths(const char* op, const Tensor& lengths, int64_t B, int64_t T,
                     int64_t least = 0);

}  // namespace tapehead::core
