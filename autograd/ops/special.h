// Special functions, and logarithms of sums and products. Integers are converted to f32.
#pragma once

#include <cstdint>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// 1 - erf(x), accurate where erf(x) is close to 1.
Tensor erfc(const Tensor& x);
/// The number whose erf is x; infinite at -1 and 1, NaN beyond.
Tensor erfinv(const Tensor& x);
/// log(|gamma(x)|)
Tensor lgamma(const Tensor& x);
/// The derivative of lgamma; NaN at negative integers.
Tensor digamma(const Tensor& x);
/// The n-th derivative of digamma; digamma itself for n = 0. Throws ValueError if n is negative.
Tensor polygamma(int64_t n, const Tensor& x);
/// log(x / (1 - x)), the inverse of sigmoid; NaN outside of [0, 1]. If eps is not negative, x is
/// limited to [eps, 1 - eps] first, and the gradient is 0 outside. Throws ValueError if eps > 0.5.
Tensor logit(const Tensor& x, double eps = -1);
/// x log(y), and 0 where x is 0, also if y is 0.
Tensor xlogy(const Tensor& x, const Tensor& y);
/// x log(1 + y), and 0 where x is 0, also if y is -1.
Tensor xlog1py(const Tensor& x, const Tensor& y);
/// log(exp(a) + exp(b)), without overflow.
Tensor logaddexp(const Tensor& a, const Tensor& b);
/// log2(2^a + 2^b), without overflow.
Tensor logaddexp2(const Tensor& a, const Tensor& b);

}  // namespace tapehead
