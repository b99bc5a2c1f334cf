// Special functions, and logarithms of sums and products, elementwise; shapes broadcast, or
// throw ShapeError. Integers and bool are converted to f32.
#pragma once

#include <cstdint>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// 1 - erf(x), accurate where erf(x) is close to 1.
/// Example: erfc(tensor({0.0, 2.0}))  // [1.0000, 0.0047]
Tensor erfc(const Tensor& x);
/// The number whose erf is x; infinite at -1 and 1, NaN beyond.
/// Example: erfinv(tensor({0.0, 0.5}))  // [0.0000, 0.4769]
Tensor erfinv(const Tensor& x);
/// log(|gamma(x)|)
/// Example: lgamma(tensor({3.0, 5.0}))  // [0.6931, 3.1781]
Tensor lgamma(const Tensor& x);
/// The derivative of lgamma; NaN at negative integers.
/// Example: digamma(tensor({1.0, 5.0}))  // [-0.5772, 1.5061]
Tensor digamma(const Tensor& x);
/// The n-th derivative of digamma; digamma itself for n = 0. Throws ValueError if n is negative.
/// Example: polygamma(1, tensor({1.0, 5.0}))  // [1.6449, 0.2213]
Tensor polygamma(int64_t n, const Tensor& x);
/// log(x / (1 - x)), the inverse of sigmoid; NaN outside of [0, 1]. If eps is not negative, x is
/// limited to [eps, 1 - eps] first, and the gradient is 0 outside. Throws ValueError if eps > 0.5.
/// Example: logit(tensor({0.5, 0.9}))  // [0.0000, 2.1972]
Tensor logit(const Tensor& x, double eps = -1);
/// x log(y), and 0 where x is 0, also if y is 0.
/// Example: xlogy(tensor({0.0, 2.0}), tensor({0.0, 3.0}))  // [0.0000, 2.1972]
Tensor xlogy(const Tensor& x, const Tensor& y);
/// x log(1 + y), and 0 where x is 0, also if y is -1.
/// Example: xlog1py(tensor({0.0, 2.0}), tensor({-1.0, 2.0}))  // [0.0000, 2.1972]
Tensor xlog1py(const Tensor& x, const Tensor& y);
/// log(exp(a) + exp(b)), without overflow.
/// Example: logaddexp(tensor({1000.0, 0.0}), tensor({1000.0, 0.0}))  // [1000.6932, 0.6931]
Tensor logaddexp(const Tensor& a, const Tensor& b);
/// log2(2^a + 2^b), without overflow.
/// Example: logaddexp2(tensor({3.0, 0.0}), tensor({3.0, 0.0}))  // [4., 1.]
Tensor logaddexp2(const Tensor& a, const Tensor& b);

}  // namespace tapehead
