// Sums of few elements along axes, recorded.
#pragma once

#include <vector>

#include "tapehead/core/detail/taps.h"

namespace tapehead::detail {

/// core::sum_taps() of a floating x; its gradients of any order are such sums, too.
Tensor sum_taps(const Tensor& x, std::vector<core::AxisTaps> axes);

}  // namespace tapehead::detail
