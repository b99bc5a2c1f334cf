// Trigonometric and hyperbolic functions and their inverses; sin, cos and tan are in elementary.h.
// Integers are converted to f32.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The angle in [-pi/2, pi/2] whose sine is x; NaN outside of [-1, 1].
Tensor asin(const Tensor& x);
/// The angle in [0, pi] whose cosine is x; NaN outside of [-1, 1].
Tensor acos(const Tensor& x);
/// The angle in [-pi/2, pi/2] whose tangent is x.
Tensor atan(const Tensor& x);
/// The angle in [-pi, pi] of the point (x, y).
Tensor atan2(const Tensor& y, const Tensor& x);
Tensor sinh(const Tensor& x);
Tensor cosh(const Tensor& x);
Tensor asinh(const Tensor& x);
/// The non-negative number whose cosh is x; NaN below 1.
Tensor acosh(const Tensor& x);
/// The number whose tanh is x; NaN outside of [-1, 1].
Tensor atanh(const Tensor& x);
/// sin(pi x) / (pi x), and 1 at 0.
Tensor sinc(const Tensor& x);
/// sqrt(x^2 + y^2), without overflow. The gradient is 0 where both are 0.
Tensor hypot(const Tensor& x, const Tensor& y);
/// Converts degrees to radians.
Tensor deg2rad(const Tensor& x);
/// Converts radians to degrees.
Tensor rad2deg(const Tensor& x);

}  // namespace tapehead
