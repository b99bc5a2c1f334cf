// Dropout without gradients.
#pragma once

#include "tapehead/core/random.h"

namespace tapehead::core {

/// x / (1 - p) with probability 1 - p, else 0, by the draw that `generator` would make next; the
/// generator stays as it is, so that the same call gives the same elements their 0.
Tensor drop(const Tensor& x, double p, const Generator& generator);

}  // namespace tapehead::core
