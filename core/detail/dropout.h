// Dropout without gradient tracking.
#pragma once

#include "tapehead/core/random.h"

namespace tapehead::core {

/// Each element is x / (1 - p) with probability 1 - p, else 0, using the next draw of `generator`
/// without advancing it, so that repeated calls drop the same elements.
Tensor drop(const Tensor& x, double p, const Generator& generator);

}  // namespace tapehead::core
