// Rounding, and division with rounding. The derivatives are 0.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

Tensor floor(const Tensor& x);
Tensor ceil(const Tensor& x);
/// Rounds to the nearest integer, halves to the even one.
Tensor round(const Tensor& x);
/// Rounds towards 0.
Tensor trunc(const Tensor& x);
/// The sign of x: -1, 0 or 1.
Tensor sign(const Tensor& x);
/// floor(a / b), also for integers. Throws ValueError if an integer divisor is 0.
Tensor floor_divide(const Tensor& a, const Tensor& b);
/// a - b floor_divide(a, b), which has the sign of b. Throws ValueError if an integer divisor is 0.
Tensor remainder(const Tensor& a, const Tensor& b);

inline Tensor operator%(const Tensor& a, const Tensor& b) { return remainder(a, b); }

}  // namespace tapehead
