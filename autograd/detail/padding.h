// What lies past the lengths of sequences.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::detail {

/// x [B, ...] with zeros in place of what lies past the lengths along an axis. Lengths are checked
/// i64 [B], or undefined for none. For what is not to be read: a zero weight, or the zero gradient
/// there, times NaN would be NaN.
Tensor zero_padding(const Tensor& x, const Tensor& lengths, int axis = 1);
/// The same of x [B, T, ...] and lengths that are not checked yet, each at least `least`: errors
/// start with `op`.
Tensor zero_padding(const char* op, const Tensor& x, const Tensor& lengths, int64_t least = 0);

}  // namespace tapehead::detail
