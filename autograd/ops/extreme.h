// Elementwise extremes. NaN propagates.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The larger of a and b. Where they are equal, each receives half of the gradient.
Tensor maximum(const Tensor& a, const Tensor& b);
/// The smaller of a and b. Where they are equal, each receives half of the gradient.
Tensor minimum(const Tensor& a, const Tensor& b);
/// Limits x to [low, high]. Either bound may be an undefined tensor: clamp(x, 0), clamp(x, {}, 1).
/// Throws ValueError if both are.
Tensor clamp(const Tensor& x, const Tensor& low, const Tensor& high = {});

}  // namespace tapehead
