// Powers and roots. Except for pow and square, integers are converted to f32.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// base^exponent. The gradient with respect to the base is 0 where the exponent is 0, and that with
/// respect to the exponent is 0 where the base is 0. Throws ValueError for integers with a negative
/// integer exponent.
Tensor pow(const Tensor& base, const Tensor& exponent);
/// base^exponent, computed and returned in f64.
Tensor float_power(const Tensor& base, const Tensor& exponent);
Tensor square(const Tensor& x);
Tensor sqrt(const Tensor& x);
/// 1 / sqrt(x)
Tensor rsqrt(const Tensor& x);
/// 1 / x
Tensor reciprocal(const Tensor& x);

}  // namespace tapehead
