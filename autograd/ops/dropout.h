// Dropout.
#pragma once

#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// Sets each element to 0 with probability p and scales the others by 1 / (1 - p); returns x itself
/// if not training. Floating types only. Throws ValueError if p is outside 0..1. Srivastava et al.
/// 2014.
Tensor dropout(const Tensor& x, double p, bool training = true,
               Generator& generator = default_generator());

}  // namespace tapehead
