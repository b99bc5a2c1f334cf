// Arithmetic with broadcasting and type promotion; ShapeError is thrown for shapes that do not
// broadcast, DTypeError for bool where an op is not defined for it. Integer arithmetic wraps
// around on overflow.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// a + b
/// Example: add(tensor({1, 2}), tensor({{10}, {20}}))  // [[11, 12], [21, 22]]
Tensor add(const Tensor& a, const Tensor& b);
/// a - b
/// Example: sub(tensor({1, 2}), 3)  // [-2, -1]
Tensor sub(const Tensor& a, const Tensor& b);
/// a b
/// Example: mul(tensor({1, 2}), 0.5)  // [0.5, 1.0]
Tensor mul(const Tensor& a, const Tensor& b);
/// a / b. Integers are converted to f32.
/// Example: div(tensor({7, -7}), 2)  // [3.5, -3.5]
Tensor div(const Tensor& a, const Tensor& b);
/// a / b, rounded; `floor` is floor_divide. If it is rounded, integers stay integers; throws
/// ValueError if one is divided by 0. The derivatives of rounded quotients are 0.
/// Example: div(tensor({7, -7}), 2, RoundingMode::trunc)  // [3, -3]
Tensor div(const Tensor& a, const Tensor& b, RoundingMode rounding_mode);
/// -x
/// Example: neg(tensor({1, -2}))  // [-1, 2]
Tensor neg(const Tensor& x);
/// Linear interpolation, a + weight (b - a).
/// Example: lerp(tensor({0.0, 10.0}), tensor({1.0, 20.0}), 0.25)  // [0.25, 12.50]
Tensor lerp(const Tensor& a, const Tensor& b, const Tensor& weight);
/// x + value a b. Floating types only.
/// Example: addcmul(tensor({1.0, 1.0}), tensor({2.0, 3.0}), tensor({4.0, 5.0}), 0.1)  // [1.8, 2.5]
Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, double value = 1);
/// x + value a / b. Floating types only.
/// Example: addcdiv(tensor({1.0, 1.0}), tensor({2.0, 3.0}), tensor({4.0, 5.0}), 0.1)
///     // [1.05, 1.06]
Tensor addcdiv(const Tensor& x, const Tensor& a, const Tensor& b, double value = 1);

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator-(const Tensor& x) { return neg(x); }

// On a variable, `a += b` means `a = a + b`: the handle is rebound to a new tensor, and tensors
// that shared the old elements are unchanged. On a temporary, as in `x[0] += b`, the op is
// in-place, like add_().
inline Tensor& operator+=(Tensor& a, const Tensor& b) { return a = add(a, b); }
inline Tensor& operator-=(Tensor& a, const Tensor& b) { return a = sub(a, b); }
inline Tensor& operator*=(Tensor& a, const Tensor& b) { return a = mul(a, b); }
inline Tensor& operator/=(Tensor& a, const Tensor& b) { return a = div(a, b); }
inline void operator+=(Tensor&& a, const Tensor& b) { a.add_(b); }
inline void operator-=(Tensor&& a, const Tensor& b) { a.sub_(b); }
inline void operator*=(Tensor&& a, const Tensor& b) { a.mul_(b); }
inline void operator/=(Tensor&& a, const Tensor& b) { a.div_(b); }
// x.index({…}) += b, where an element that is selected several times is changed once.
inline void operator+=(IndexedTensor&& a, const Tensor& b) { a.add_(b), a.write_back(); }
inline void operator-=(IndexedTensor&& a, const Tensor& b) { a.sub_(b), a.write_back(); }
inline void operator*=(IndexedTensor&& a, const Tensor& b) { a.mul_(b), a.write_back(); }
inline void operator/=(IndexedTensor&& a, const Tensor& b) { a.div_(b), a.write_back(); }

}  // namespace tapehead
