// Elementary functions, elementwise. Except by abs, integers and bool are converted to f32; abs
// of bool throws DTypeError.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// e^x
/// Example: exp(tensor({0.0, 1.0}))  // [1.0000, 2.7183]
Tensor exp(const Tensor& x);
/// 2^x
/// Example: exp2(tensor({0.0, 3.0}))  // [1., 8.]
Tensor exp2(const Tensor& x);
/// exp(x) - 1, accurate near 0.
/// Example: expm1(tensor({0.0, 1.0}))  // [0.0000, 1.7183]
Tensor expm1(const Tensor& x);
/// The natural logarithm: -infinity at 0, NaN below.
/// Example: log(tensor({1.0, 10.0}))  // [0.0000, 2.3026]
Tensor log(const Tensor& x);
/// The logarithm to base 2.
/// Example: log2(tensor({1.0, 8.0}))  // [0., 3.]
Tensor log2(const Tensor& x);
/// The logarithm to base 10.
/// Example: log10(tensor({1.0, 1000.0}))  // [0., 3.]
Tensor log10(const Tensor& x);
/// log(1 + x), accurate near 0.
/// Example: log1p(tensor({0.0, 1.0}))  // [0.0000, 0.6931]
Tensor log1p(const Tensor& x);
/// The sine of an angle in radians.
/// Example: sin(tensor({0.0, 1.0}))  // [0.0000, 0.8415]
Tensor sin(const Tensor& x);
/// The cosine of an angle in radians.
/// Example: cos(tensor({0.0, 1.0}))  // [1.0000, 0.5403]
Tensor cos(const Tensor& x);
/// The tangent of an angle in radians.
/// Example: tan(tensor({0.0, 1.0}))  // [0.0000, 1.5574]
Tensor tan(const Tensor& x);
/// The error function.
/// Example: erf(tensor({0.0, 0.5, 1.0}))  // [0.0000, 0.5205, 0.8427]
Tensor erf(const Tensor& x);
/// |x|, also of integers. The gradient is 0 at 0.
/// Example: abs(tensor({-2, 3}))  // [2, 3]
Tensor abs(const Tensor& x);

}  // namespace tapehead
