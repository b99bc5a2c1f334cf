// References of elementwise kernels that the standard library lacks, in long double.
#pragma once

namespace tapehead::kernels {

/// The type that references compute in, of higher precision than f64.
using Number = long double;

Number erfinv_reference(Number x);
/// The derivative of lgamma.
Number digamma_reference(Number x);
/// The n-th derivative of digamma, n > 0.
Number polygamma_reference(Number n, Number x);
Number sinc_reference(Number x);
/// The derivative of sinc.
Number sinc_slope_reference(Number x);
Number logit_reference(Number x, Number eps);
/// The derivative of mish.
Number mish_slope_reference(Number x);
/// dy times the derivative of gelu_tanh.
Number gelu_tanh_gradient(Number dy, Number x);

}  // namespace tapehead::kernels
