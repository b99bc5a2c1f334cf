// Rounding, division with rounding, signs. Unless stated otherwise, the derivatives are 0.
#pragma once

#include <cstdint>

#include "tapehead/core/tensor.h"

namespace tapehead {

Tensor floor(const Tensor& x);
Tensor ceil(const Tensor& x);
/// Rounds to the nearest integer, halves to the even one.
Tensor round(const Tensor& x);
/// Rounds to a number of decimals, halves to the even one; negative ones round to tens, hundreds,
/// and so on. Floating types only.
Tensor round(const Tensor& x, int64_t decimals);
/// Rounds towards 0.
Tensor trunc(const Tensor& x);
/// x - trunc(x), which has the sign of x. Floating types only. The derivative is 1.
Tensor frac(const Tensor& x);
/// The sign of x: -1, 0 or 1.
Tensor sign(const Tensor& x);
/// floor(a / b), also for integers. Throws ValueError if an integer divisor is 0.
Tensor floor_divide(const Tensor& a, const Tensor& b);
/// a - b floor_divide(a, b), which has the sign of b. Throws ValueError if an integer divisor is 0.
Tensor remainder(const Tensor& a, const Tensor& b);
/// a - b trunc(a / b), which has the sign of a. Throws ValueError if an integer divisor is 0.
Tensor fmod(const Tensor& a, const Tensor& b);
/// |x| with the sign of `sign`, also of its zeros. Integers are converted to f32.
Tensor copysign(const Tensor& x, const Tensor& sign);
/// 0 where x < 0, 1 where x > 0, and `values` where x is 0, which receive the gradient there.
Tensor heaviside(const Tensor& x, const Tensor& values);

inline Tensor operator%(const Tensor& a, const Tensor& b) { return remainder(a, b); }

}  // namespace tapehead
