// Comparisons and logic, elementwise; shapes broadcast, or throw ShapeError. Results are bool,
// except for the bitwise ops, which take integers and bool and keep their dtype (others throw
// DTypeError). Logical ops take any dtype and treat non-zero elements as true.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Whether a = b.
/// Example: eq(tensor({1, 2}), 2)  // [false, true]
Tensor eq(const Tensor& a, const Tensor& b);
/// Whether a and b differ.
/// Example: ne(tensor({1, 2}), 2)  // [true, false]
Tensor ne(const Tensor& a, const Tensor& b);
/// Whether a < b.
/// Example: lt(tensor({1, 2}), 2)  // [true, false]
Tensor lt(const Tensor& a, const Tensor& b);
/// Whether a <= b.
/// Example: le(tensor({1, 2}), 2)  // [true, true]
Tensor le(const Tensor& a, const Tensor& b);
/// Whether a > b.
/// Example: gt(tensor({1, 2}), 1)  // [false, true]
Tensor gt(const Tensor& a, const Tensor& b);
/// Whether a >= b.
/// Example: ge(tensor({1, 2}), 1)  // [true, true]
Tensor ge(const Tensor& a, const Tensor& b);
/// Whether x is NaN.
/// Example: isnan(log(tensor({-1.0, 0.0})))  // [true, false]
Tensor isnan(const Tensor& x);
/// Whether x is infinity or -infinity.
/// Example: isinf(log(tensor({-1.0, 0.0})))  // [false, true]
Tensor isinf(const Tensor& x);
/// Whether x is neither infinite nor NaN.
/// Example: isfinite(log(tensor({0.0, 1.0})))  // [false, true]
Tensor isfinite(const Tensor& x);
/// Whether x is infinity.
/// Example: isposinf(tensor({1.0, 0.0}) / 0)  // [true, false]
Tensor isposinf(const Tensor& x);
/// Whether x is -infinity.
/// Example: isneginf(log(tensor({0.0, 1.0})))  // [true, false]
Tensor isneginf(const Tensor& x);
/// Whether x is negative or -0.
/// Example: signbit(tensor({-0.0, 1.0}))  // [true, false]
Tensor signbit(const Tensor& x);
/// Whether |a - b| <= atol + rtol |b|, elementwise; equal infinities are close, and with equal_nan
/// two NaN. Integers are compared as f32. Throws ValueError if a tolerance is negative.
/// Example: isclose(tensor({1.0, 2.0}), tensor({1.000001, 2.1}))  // [true, false]
Tensor isclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
               bool equal_nan = false);
/// Whether isclose() is true for all elements.
/// Example: allclose(tensor({1.0, 2.0}), tensor({1.000001, 2.0}))  // true
bool allclose(const Tensor& a, const Tensor& b, double rtol = 1e-5, double atol = 1e-8,
              bool equal_nan = false);
/// Whether a and b have the same shape and equal elements; false if any is NaN.
/// Example: equal(tensor({1, 2}), tensor({1, 2}))  // true
bool equal(const Tensor& a, const Tensor& b);
/// Whether x is 0.
/// Example: logical_not(tensor({0, 2}))  // [true, false]
Tensor logical_not(const Tensor& x);
/// Whether both are non-zero.
/// Example: logical_and(tensor({0, 2}), tensor({1, 1}))  // [false, true]
Tensor logical_and(const Tensor& a, const Tensor& b);
/// Whether a or b is non-zero.
/// Example: logical_or(tensor({0, 2}), tensor({0, 0}))  // [false, true]
Tensor logical_or(const Tensor& a, const Tensor& b);
/// Whether exactly one of them is non-zero.
/// Example: logical_xor(tensor({0, 2}), tensor({1, 1}))  // [true, false]
Tensor logical_xor(const Tensor& a, const Tensor& b);
/// Inverts each bit; of bool, the logical not.
/// Example: bitwise_not(tensor({0, 5}))  // [-1, -6]
Tensor bitwise_not(const Tensor& x);
/// The bits that are set in both.
/// Example: bitwise_and(tensor({6, 5}), 3)  // [2, 1]
Tensor bitwise_and(const Tensor& a, const Tensor& b);
/// The bits that are set in a or b.
/// Example: bitwise_or(tensor({6, 5}), 1)  // [7, 5]
Tensor bitwise_or(const Tensor& a, const Tensor& b);
/// The bits that are set in exactly one of them.
/// Example: bitwise_xor(tensor({6, 5}), 3)  // [5, 6]
Tensor bitwise_xor(const Tensor& a, const Tensor& b);
/// a 2^b for integers, modulo 2^bits; 0 if b is negative or at least the number of bits. There are
/// no operators for shifts: << would be mistaken for output to a stream.
/// Example: bitwise_left_shift(tensor({1, 3}), 2)  // [4, 12]
Tensor bitwise_left_shift(const Tensor& a, const Tensor& b);
/// floor(a / 2^b) for integers; 0, or -1 for negative a, if b is negative or at least the number of
/// bits.
/// Example: bitwise_right_shift(tensor({8, -8}), 2)  // [2, -2]
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
/// Example: where(tensor({true, false}), tensor({1, 2}), 0)  // [1, 0]
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);

}  // namespace tapehead
