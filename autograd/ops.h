// Every differentiable function. Shapes broadcast and types promote by PyTorch's rules; axes may be
// negative; errors name the function.
//
// B batch, T time, C channels, H heads.
#pragma once

#include <array>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

// Arithmetic (ops/arithmetic.cpp)

Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
/// a / b; integers are divided as f32.
Tensor div(const Tensor& a, const Tensor& b);
Tensor neg(const Tensor& x);

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator-(const Tensor& x) { return neg(x); }

// Activations and elementary functions (ops/activation.cpp)

Tensor exp(const Tensor& x);
Tensor tanh(const Tensor& x);

// Reductions (ops/reduce.cpp)

/// The sum of all elements.
Tensor sum(const Tensor& x);
/// The sum over axes, which disappear or keep size 1. Integers are summed as i64.
Tensor sum(const Tensor& x, const Shape& axes, bool keepdim = false);
inline Tensor sum(const Tensor& x, int64_t axis, bool keepdim = false) { return sum(x, Shape{axis}, keepdim); }
/// Sums what was broadcast, so that the result has `shape`.
Tensor sum_to(const Tensor& x, const Shape& shape);

}  // namespace tapehead
