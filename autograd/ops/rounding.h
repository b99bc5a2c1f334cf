// Rounding, division with rounding, signs: elementwise, with broadcasting (ShapeError if shapes
// do not fit), of all numeric types; bool throws DTypeError. Unless stated otherwise, the
// derivatives are 0.
#pragma once

#include <cstdint>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Rounds down.
/// Example: floor(tensor({1.5, -1.5}))  // [1., -2.]
Tensor floor(const Tensor& x);
/// Rounds up.
/// Example: ceil(tensor({1.5, -1.5}))  // [2., -1.]
Tensor ceil(const Tensor& x);
/// Rounds to the nearest integer, halves to the even one.
/// Example: round(tensor({0.5, 1.5, 2.5}))  // [0., 2., 2.]
Tensor round(const Tensor& x);
/// Rounds to a number of decimals, halves to the even one; negative ones round to tens, hundreds,
/// and so on. Floating types only.
/// Example: round(tensor({3.14159, 2.71828}), 2)  // [3.14, 2.72]
Tensor round(const Tensor& x, int64_t decimals);
/// Rounds towards 0.
/// Example: trunc(tensor({1.5, -1.5}))  // [1., -1.]
Tensor trunc(const Tensor& x);
/// x - trunc(x), which has the sign of x. Floating types only. The derivative is 1.
/// Example: frac(tensor({1.5, -1.5}))  // [0.5, -0.5]
Tensor frac(const Tensor& x);
/// The sign of x: -1, 0 or 1.
/// Example: sign(tensor({-2.0, 0.0, 3.0}))  // [-1., 0., 1.]
Tensor sign(const Tensor& x);
/// floor(a / b), also for integers. Throws ValueError if an integer divisor is 0.
/// Example: floor_divide(tensor({7, -7}), 2)  // [3, -4]
Tensor floor_divide(const Tensor& a, const Tensor& b);
/// a - b floor_divide(a, b), which has the sign of b. Throws ValueError if an integer divisor is 0.
/// Example: remainder(tensor({7, -7}), 3)  // [1, 2]
Tensor remainder(const Tensor& a, const Tensor& b);
/// a - b trunc(a / b), which has the sign of a. Throws ValueError if an integer divisor is 0.
/// Example: fmod(tensor({7, -7}), 3)  // [1, -1]
Tensor fmod(const Tensor& a, const Tensor& b);
/// |x| with the sign of `sign`, also of its zeros. Integers are converted to f32.
/// Example: copysign(tensor({1.0, 2.0}), tensor({-0.0, 3.0}))  // [-1., 2.]
Tensor copysign(const Tensor& x, const Tensor& sign);
/// 0 where x < 0, 1 where x > 0, and `values` where x is 0, which receive the gradient there.
/// Example: heaviside(tensor({-1.0, 0.0, 2.0}), 0.5)  // [0.0, 0.5, 1.0]
Tensor heaviside(const Tensor& x, const Tensor& values);

inline Tensor operator%(const Tensor& a, const Tensor& b) { return remainder(a, b); }

}  // namespace tapehead
