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

// Reductions. They are over the named axes, which disappear or with `keepdim` keep size 1; without
// axes over all elements. NaN in, NaN out.

/// Integers and booleans are summed as i64. The sum of nothing is 0. (ops/sum.cpp)
Tensor sum(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// Of floating types. The mean of nothing is NaN. (ops/sum.cpp)
Tensor mean(const Tensor& x, const Axes& axes = {}, bool keepdim = false);
/// Sums what broadcasting `shape` to the shape of x repeated, so that the result has `shape`.
/// Throws ShapeError when it does not broadcast to it. (ops/sum.cpp)
Tensor sum_to(const Tensor& x, const Shape& shape);

// Distributions (ops/softmax.cpp)

/// exp(x) / sum(exp(x)) along the axis. A row of nothing but -inf has no distribution and becomes
/// NaN, as in PyTorch; to mask rows as a whole, mask with the lowest finite number instead.
Tensor softmax(const Tensor& x, int64_t axis);
/// log(softmax(x, axis)), precise where the softmax is near 0.
Tensor log_softmax(const Tensor& x, int64_t axis);

}  // namespace tapehead
