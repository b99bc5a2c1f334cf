// Elementwise extremes, which propagate NaN, and limits, of any dtype. Shapes broadcast, or
// throw ShapeError.
#pragma once

#include <optional>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The larger of a and b. Where they are equal, each receives half of the gradient.
/// Example: maximum(tensor({1, 5}), tensor({3, 2}))  // [3, 5]
Tensor maximum(const Tensor& a, const Tensor& b);
/// The smaller of a and b. Where they are equal, each receives half of the gradient.
/// Example: minimum(tensor({1, 5}), tensor({3, 2}))  // [1, 2]
Tensor minimum(const Tensor& a, const Tensor& b);
/// Limits x to [low, high]. Either bound may be an undefined tensor: clamp(x, 0), clamp(x, {}, 1).
/// Throws ValueError if both are.
/// Example: clamp(tensor({-2.0, 0.5, 3.0}), 0, 1)  // [0.0, 0.5, 1.0]
Tensor clamp(const Tensor& x, const Tensor& low, const Tensor& high = {});
/// clamp(x, low)
/// Example: clamp_min(tensor({-2.0, 0.5}), 0)  // [0.0, 0.5]
Tensor clamp_min(const Tensor& x, const Tensor& low);
/// clamp(x, {}, high)
/// Example: clamp_max(tensor({0.5, 3.0}), 1)  // [0.5, 1.0]
Tensor clamp_max(const Tensor& x, const Tensor& high);

struct NanToNumOptions {
  double nan = 0;                ///< replaces NaN
  std::optional<double> posinf;  ///< replaces inf; by default the largest number of the dtype
  std::optional<double> neginf;  ///< replaces -inf; by default the lowest number of the dtype
};
/// Replaces NaN and infinities, which receive no gradient. Returns a copy of integers and bool.
/// Example: nan_to_num(log(tensor({-1.0, 0.0, 1.0})), {.neginf = -9})  // [0., -9., 0.]
Tensor nan_to_num(const Tensor& x, const NanToNumOptions& options = {});

}  // namespace tapehead
