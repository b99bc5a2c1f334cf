// Masking of padding.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::detail {

/// Returns x [B, ...] with zeros beyond the lengths along an axis. `lengths` is validated i64 [B],
/// or undefined. Padding must be replaced rather than multiplied by a zero weight or gradient,
/// because 0 times NaN is NaN.
Tensor zero_padding(const Tensor& x, const Tensor& lengths, int axis = 1);
/// As above, for x [B, T, ...] and lengths that are not validated yet and must be at least `least`.
/// Errors start with `op`.
Tensor zero_padding(const char* op, const Tensor& x, const Tensor& lengths, int64_t least = 0);

}  // namespace tapehead::detail
