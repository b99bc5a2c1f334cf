// Lengths of the sequences of a batch.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The lengths of B sequences in a tensor that has room for T steps, as contiguous i64 [B]. Throws
/// DTypeError unless they are integers, ShapeError unless they are [B], and IndexError that names
/// the first outside of least..T. `op` starts the message.
Tensor check_lengths(const char* op, const Tensor& lengths, int64_t B, int64_t T,
                     int64_t least = 0);

}  // namespace tapehead::core
