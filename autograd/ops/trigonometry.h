// Trigonometric and hyperbolic functions and their inverses, elementwise; sin, cos and tan are
// in elementary.h. Shapes of two operands broadcast, or throw ShapeError. Integers and bool are
// converted to f32.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// The angle in [-pi/2, pi/2] whose sine is x; NaN outside of [-1, 1].
/// Example: asin(tensor({0.0, 1.0}))  // [0.0000, 1.5708]
Tensor asin(const Tensor& x);
/// The angle in [0, pi] whose cosine is x; NaN outside of [-1, 1].
/// Example: acos(tensor({0.0, 1.0}))  // [1.5708, 0.0000]
Tensor acos(const Tensor& x);
/// The angle in [-pi/2, pi/2] whose tangent is x.
/// Example: atan(tensor({0.0, 1.0}))  // [0.0000, 0.7854]
Tensor atan(const Tensor& x);
/// The angle in [-pi, pi] of the point (x, y).
/// Example: atan2(tensor({1.0, 0.0}), tensor({0.0, -1.0}))  // [1.5708, 3.1416]
Tensor atan2(const Tensor& y, const Tensor& x);
/// The hyperbolic sine.
/// Example: sinh(tensor({0.0, 1.0}))  // [0.0000, 1.1752]
Tensor sinh(const Tensor& x);
/// The hyperbolic cosine.
/// Example: cosh(tensor({0.0, 1.0}))  // [1.0000, 1.5431]
Tensor cosh(const Tensor& x);
/// The number whose sinh is x.
/// Example: asinh(tensor({0.0, 1.0}))  // [0.0000, 0.8814]
Tensor asinh(const Tensor& x);
/// The non-negative number whose cosh is x; NaN below 1.
/// Example: acosh(tensor({1.0, 2.0}))  // [0.000, 1.317]
Tensor acosh(const Tensor& x);
/// The number whose tanh is x; NaN outside of [-1, 1].
/// Example: atanh(tensor({0.0, 0.5}))  // [0.0000, 0.5493]
Tensor atanh(const Tensor& x);
/// sin(pi x) / (pi x), and 1 at 0.
/// Example: sinc(tensor({0.0, 0.5}))  // [1.0000, 0.6366]
Tensor sinc(const Tensor& x);
/// sqrt(x^2 + y^2), without overflow. The gradient is 0 where both are 0.
/// Example: hypot(tensor({3.0, 0.0}), 4)  // [5., 4.]
Tensor hypot(const Tensor& x, const Tensor& y);
/// Converts degrees to radians.
/// Example: deg2rad(tensor({0.0, 180.0}))  // [0.0000, 3.1416]
Tensor deg2rad(const Tensor& x);
/// Converts radians to degrees.
/// Example: rad2deg(tensor({0.0, 1.0}))  // [0.0000, 57.2958]
Tensor rad2deg(const Tensor& x);

}  // namespace tapehead
