// Cumulative sums and other scans along an axis, from its start or from its end. Nothing here is
// recorded.
#pragma once

#include <cstdint>

#include "tapehead/core/detail/order.h"
#include "tapehead/core/tensor.h"

namespace tapehead::core {

enum class Scan : uint8_t { sum, product, log_sum_exp };

/// The sum, product or log(sum(exp)) of the elements up to each one. Integers and bool are added
/// and multiplied as i64; the operand of log_sum_exp is floating.
Tensor scan(Scan kind, const Tensor& x, int axis, bool from_end);

/// The largest or smallest elements up to each one, and their positions (i64). Of equal elements,
/// the last one seen is selected. After a NaN, all are NaN.
Ordered scan_extremes(const Tensor& x, int axis, bool largest, bool from_end);

/// y[i] = x[i] + factors[i] y[i - 1], or y[i + 1] from the end, starting with y = x. Floating
/// operands of equal shape and dtype.
Tensor linear_recurrence(const Tensor& x, const Tensor& factors, int axis, bool from_end);

}  // namespace tapehead::core
