// Elementwise extremes, which propagate NaN, and limits.
#pragma once

#include <optional>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The larger of a and b. Where they are equal, each receives half of the gradient.
Tensor maximum(const Tensor& a, const Tensor& b);
/// The smaller of a and b. Where they are equal, each receives half of the gradient.
Tensor minimum(const Tensor& a, const Tensor& b);
/// Limits x to [low, high]. Either bound may be an undefined tensor: clamp(x, 0), clamp(x, {}, 1).
/// Throws ValueError if both are.
Tensor clamp(const Tensor& x, const Tensor& low, const Tensor& high = {});
/// clamp(x, low)
Tensor clamp_min(const Tensor& x, const Tensor& low);
/// clamp(x, {}, high)
Tensor clamp_max(const Tensor& x, const Tensor& high);

struct NanToNumOptions {
  double nan = 0;                ///< replaces NaN
  std::optional<double> posinf;  ///< replaces inf; by default the largest number of the dtype
  std::optional<double> neginf;  ///< replaces -inf; by default the lowest number of the dtype
};
/// Replaces NaN and infinities, which receive no gradient. Returns a copy of integers and bool.
Tensor nan_to_num(const Tensor& x, const NanToNumOptions& options = {});

}  // namespace tapehead
