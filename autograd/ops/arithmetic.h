// Arithmetic with broadcasting. Integer arithmetic wraps around on overflow.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
/// a / b. Integers are converted to f32.
Tensor div(const Tensor& a, const Tensor& b);
/// a / b, rounded; `floor` is floor_divide. If it is rounded, integers stay integers; throws
/// ValueError if one is divided by 0. The derivatives of rounded quotients are 0.
Tensor div(const Tensor& a, const Tensor& b, RoundingMode rounding_mode);
Tensor neg(const Tensor& x);
/// Linear interpolation, a + weight (b - a).
Tensor lerp(const Tensor& a, const Tensor& b, const Tensor& weight);
/// x + value a b. Floating types only.
Tensor addcmul(const Tensor& x, const Tensor& a, const Tensor& b, double value = 1);
/// x + value a / b. Floating types only.
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
