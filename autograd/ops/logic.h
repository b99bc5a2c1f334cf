// Comparisons and logic. Results are bool, except for the bitwise ops, which take integers and
// bool and keep their dtype. Logical ops take any dtype and treat non-zero elements as true.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

Tensor eq(const Tensor& a, const Tensor& b);
Tensor ne(const Tensor& a, const Tensor& b);
Tensor lt(const Tensor& a, const Tensor& b);
Tensor le(const Tensor& a, const Tensor& b);
Tensor gt(const Tensor& a, const Tensor& b);
Tensor ge(const Tensor& a, const Tensor& b);
Tensor isnan(const Tensor& x);
Tensor isinf(const Tensor& x);
Tensor isfinite(const Tensor& x);
Tensor isposinf(const Tensor& x);
Tensor isneginf(const Tensor& x);
/// Whether x is negative or -0.
Tensor signbit(const Tensor& x);
/// Whether |a - b| <= atol + rtol |b|, elementwise; equal infinities are close, and with equal_nan
/// two NaN. Integers are compared as f32. Throws ValueError if a tolerance is negative.
Tensor isclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
               bool equal_nan = false);
/// Whether isclose() is true for all elements.
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
              bool equal_nan = false);
/// Whether a and b have the same shape and equal elements; false if any is NaN.
bool equal(const Tensor& a, const Tensor& b);
Tensor logical_not(const Tensor& x);
Tensor logical_and(const Tensor& a, const Tensor& b);
Tensor logical_or(const Tensor& a, const Tensor& b);
Tensor logical_xor(const Tensor& a, const Tensor& b);
Tensor bitwise_not(const Tensor& x);
Tensor bitwise_and(const Tensor& a, const Tensor& b);
Tensor bitwise_or(const Tensor& a, const Tensor& b);
Tensor bitwise_xor(const Tensor& a, const Tensor& b);
/// a 2^b for integers, modulo 2^bits; 0 if b is negative or at least the number of bits. There are
/// no operators for shifts: << would be mistaken for output to a stream.
Tensor bitwise_left_shift(const Tensor& a, const Tensor& b);
/// floor(a / 2^b) for integers; 0, or -1 for negative a, if b is negative or at least the number of
/// bits.
Tensor bitwise_right_shift(const Tensor& a, const Tensor& b);

inline Tensor operator==(const Tensor& a, const Tensor& b) { return eq(a, b); }
inline Tensor operator!=(const Tensor& a, const Tensor& b) { return ne(a, b); }
inline Tensor operator<(const Tensor& a, const Tensor& b) { return lt(a, b); }
inline Tensor operator<=(const Tensor& a, const Tensor& b) { return le(a, b); }
inline Tensor operator>(const Tensor& a, const Tensor& b) { return gt(a, b); }
inline Tensor operator>=(const Tensor& a, const Tensor& b) { return ge(a, b); }
inline Tensor operator~(const Tensor& x) { return bitwise_not(x); }
// Elementwise; unlike the built-in operators, && and || always evaluate both operands.
inline Tensor operator!(const Tensor& x) { return logical_not(x); }
inline Tensor operator&&(const Tensor& a, const Tensor& b) { return logical_and(a, b); }
inline Tensor operator||(const Tensor& a, const Tensor& b) { return logical_or(a, b); }
inline Tensor operator&(const Tensor& a, const Tensor& b) { return bitwise_and(a, b); }
inline Tensor operator|(const Tensor& a, const Tensor& b) { return bitwise_or(a, b); }
inline Tensor operator^(const Tensor& a, const Tensor& b) { return bitwise_xor(a, b); }

/// condition ? a : b, elementwise. All three broadcast; the condition is bool. (ops/logic.cpp)
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

}  // namespace tapehead
