// Elementary functions. Except for abs, integers are converted to f32.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

Tensor exp(const Tensor& x);
/// 2^x
Tensor exp2(const Tensor& x);
/// exp(x) - 1, accurate near 0.
Tensor expm1(const Tensor& x);
Tensor log(const Tensor& x);
Tensor log2(const Tensor& x);
Tensor log10(const Tensor& x);
/// log(1 + x), accurate near 0.
Tensor log1p(const Tensor& x);
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);
Tensor tan(const Tensor& x);
/// The error function.
Tensor erf(const Tensor& x);
Tensor abs(const Tensor& x);

}  // namespace tapehead
