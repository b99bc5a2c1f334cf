// Powers and roots, elementwise; shapes broadcast, or throw ShapeError. Except by pow and
// square, integers and bool are converted to f32; those two throw DTypeError for bool.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// base^exponent. The gradient with respect to the base is 0 where the exponent is 0, and that with
/// respect to the exponent is 0 where the base is 0. Throws ValueError for integers with a negative
/// integer exponent.
/// Example: pow(tensor({2, 3}), 2)  // [4, 9]
Tensor pow(const Tensor& base, const Tensor& exponent);
/// base^exponent, computed and returned in f64.
/// Example: float_power(tensor({2, 4}), -1)  // [0.50, 0.25]
Tensor float_power(const Tensor& base, const Tensor& exponent);
/// x^2
/// Example: square(tensor({2, -3}))  // [4, 9]
Tensor square(const Tensor& x);
/// The square root; NaN below 0.
/// Example: sqrt(tensor({4.0, 2.0}))  // [2.0000, 1.4142]
Tensor sqrt(const Tensor& x);
/// 1 / sqrt(x)
/// Example: rsqrt(tensor({4.0, 1.0}))  // [0.5, 1.0]
Tensor rsqrt(const Tensor& x);
/// 1 / x
/// Example: reciprocal(tensor({4.0, -1.0}))  // [0.25, -1.00]
Tensor reciprocal(const Tensor& x);

}  // namespace tapehead
