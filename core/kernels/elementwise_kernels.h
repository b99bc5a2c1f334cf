// The table of elementwise kernels. A row declares a kernel, compiles it for each dtype and
// instruction set, tests it against its reference (kernels_test.cpp) and benchmarks it. A unary
// kernel's row also provides the test cases of the op of the same name, unless the op has its own.
//
//   K(name, types, expression, reference, from, to, ulp, least, numbers...)
//
// types       supported dtypes: all, arithmetic (no bool), integral, floating, or whole (integral
//             and bool)
// expression  the result, computed from the operands x, y, z of type T (float for bf16) and the
//             op's parameters k[0], k[1], k[2], also of type T. Functions are defined in math.h,
//             trigonometry.h, special_math.h, loops.h, or in the file named above each list
// reference   the same in long double; functions of tests/kernel_reference.h may be called
// from, to    range of the operands in tests and benchmarks
// ulp         maximum error for f32 and f64, in units in the last place of the result ...
// least       ... or of this value, if the result is smaller
// numbers     sample values of the op's parameters, if it has any
#pragma once

#include "tapehead/core/dtype.h"
#include "tapehead/core/kernels/family.h"
#include "tapehead/core/kernels/loop.h"

// unary.cpp: one operand; the result has its dtype.
#define TAPEHEAD_UNARY_KERNELS(K)                                              \
  K(neg, arithmetic, -wrap(x), -x, -9, 9, 0, 0)                                \
  K(abs, arithmetic, absolute(x), std::abs(x), -9, 9, 0, 0)                    \
  K(sign, arithmetic, (x > 0) - (x < 0), (x > 0) - (x < 0), -9, 9, 0, 0)       \
  K(square, arithmetic, wrap(x) * wrap(x), x * x, -9, 9, 1, 0)                 \
  K(bitwise_not, integral, ~x, ~static_cast<int64_t>(x), 0, 100, 0, 0)         \
  K(floor, floating, floor_of(x), std::floor(x), -9, 9, 0, 0)                  \
  K(ceil, floating, ceil_of(x), std::ceil(x), -9, 9, 0, 0)                     \
  K(round, floating, round_of(x), std::nearbyint(x), -9, 9, 0, 0)              \
  K(trunc, floating, trunc_of(x), std::trunc(x), -9, 9, 0, 0)                  \
  K(reciprocal, floating, 1 / x, 1 / x, 1, 9, 1, 0)                            \
  K(sqrt, floating, sqrt_of(x), std::sqrt(x), 0, 9, 1, 0)                      \
  K(rsqrt, floating, 1 / sqrt_of(x), 1 / std::sqrt(x), 0.1, 9, 2, 0)           \
  K(exp, floating, exp_of(x), std::exp(x), -80, 80, 1, 0)                      \
  K(expm1, floating, expm1_of(x), std::expm1(x), -20, 80, 1.5, 0)              \
  K(log, floating, log_of(x), std::log(x), 0.001, 9, 1, 0)                     \
  K(log1p, floating, log1p_of(x), std::log1p(x), -0.9, 9, 2.1, 0)              \
  K(sin, floating, sin_of(x), std::sin(x), -99, 99, 1.6, 0)                    \
  K(cos, floating, cos_of(x), std::cos(x), -99, 99, 1.6, 0)                    \
  K(tan, floating, tan_of(x), std::tan(x), -9, 9, 3.7, 0)                      \
  K(tanh, floating, tanh_of(x), std::tanh(x), -12, 12, 2.6, 0)                 \
  K(sigmoid, floating, sigmoid_of(x), 1 / (1 + std::exp(-x)), -80, 80, 2.5, 0) \
  K(erf, floating, erf_of(x), std::erf(x), -5, 5, 3.1, 0)                      \
  K(frac, floating, x - trunc_of(x), x - std::trunc(x), -9, 9, 0, 0)           \
  K(exp2, floating, exp2_of(x), std::exp2(x), -120, 120, 1.1, 0)               \
  K(log2, floating, log2_of(x), std::log2(x), 0.001, 9, 1.7, 0)                \
  K(log10, floating, log10_of(x), std::log10(x), 0.001, 9, 1.8, 0)             \
  K(asin, floating, asin_of(x), std::asin(x), -1, 1, 2.3, 0)                   \
  K(acos, floating, acos_of(x), std::acos(x), -1, 1, 1.1, 0)                   \
  K(atan, floating, atan_of(x), std::atan(x), -9, 9, 1.7, 0)                   \
  K(sinh, floating, sinh_of(x), std::sinh(x), -20, 20, 2.3, 0)                 \
  K(cosh, floating, cosh_of(x), std::cosh(x), -20, 20, 1.5, 0)                 \
  K(asinh, floating, asinh_of(x), std::asinh(x), -20, 20, 2.7, 0)              \
  K(acosh, floating, acosh_of(x), std::acosh(x), 1, 20, 2.6, 0)                \
  K(atanh, floating, atanh_of(x), std::atanh(x), -1, 1, 3, 0)                  \
  K(erfc, floating, erfc_of(x), std::erfc(x), -5, 9, 5.2, 0)                   \
  K(erfinv, floating, erfinv_of(x), erfinv_reference(x), -1, 1, 3.1, 0)        \
  K(lgamma, floating, lgamma_of(x), std::lgamma(x), -4, 50, 6, 1)              \
  K(digamma, floating, digamma_of(x), digamma_reference(x), -4, 50, 9, 1)      \
  K(sinc, floating, sinc_of(x), sinc_reference(x), -9, 9, 3.2, 1)

// unary.cpp: one operand; the result is bool.
#define TAPEHEAD_PREDICATE_KERNELS(K)                                                     \
  K(isnan, floating, x != x, std::isnan(x), -9, 9, 0, 0)                                  \
  K(isinf, floating, x == T(kInfinity) || x == -T(kInfinity), std::isinf(x), -9, 9, 0, 0) \
  K(isfinite, floating, x - x == 0, std::isfinite(x), -9, 9, 0, 0)                        \
  K(signbit, floating, copysign_of(T(1), x) < 0, std::signbit(x), -9, 9, 0, 0)

// binary.cpp: two operands of one dtype, which is also the dtype of the result.
#define TAPEHEAD_BINARY_KERNELS(K)                                                             \
  K(add, all, wrap(x) + wrap(y), x + y, -9, 9, 1, 0)                                           \
  K(sub, arithmetic, wrap(x) - wrap(y), x - y, -9, 9, 1, 0)                                    \
  K(mul, all, product_of(x, y), x* y, -9, 9, 1, 0)                                             \
  K(div, floating, x / y, x / y, 1, 9, 1, 0)                                                   \
  K(floor_divide, arithmetic, floor_divide_of(x, y), std::floor(x / y), 1, 99, 0, 0)           \
  K(remainder, arithmetic, remainder_of(x, y), std::fmod(x, y), 1, 99, 0, 0)                   \
  K(pow, arithmetic, power_of(x, y), std::pow(x, y), 1, 4, 2, 0)                               \
  K(maximum, all, x > y || x != x ? x : y, x > y ? x : y, -9, 9, 0, 0)                         \
  K(minimum, all, x < y || x != x ? x : y, x < y ? x : y, -9, 9, 0, 0)                         \
  K(bitwise_and, whole, x& y, static_cast<int64_t>(x) & static_cast<int64_t>(y), 0, 99, 0, 0)  \
  K(bitwise_or, whole, x | y, static_cast<int64_t>(x) | static_cast<int64_t>(y), 0, 99, 0, 0)  \
  K(bitwise_xor, whole, x ^ y, static_cast<int64_t>(x) ^ static_cast<int64_t>(y), 0, 99, 0, 0) \
  K(prelu, floating, x > 0 ? x : y * x, x > 0 ? x : y * x, -9, 9, 1, 0)

// binary.cpp: the same, for ops that seldom have a number as operand: without loops of their own
// for one element that broadcasts.
#define TAPEHEAD_DENSE_BINARY_KERNELS(K)                                                          \
  K(trunc_divide, arithmetic, trunc_divide_of(x, y), std::trunc(x / y), 1, 99, 0, 0)              \
  K(fmod, arithmetic, fmod_of(x, y), std::fmod(x, y), 1, 99, 0, 0)                                \
  K(left_shift, integral, left_shift_of(x, y), std::ldexp(x, static_cast<int>(y)), 0, 7, 0, 0)    \
  K(right_shift, integral, right_shift_of(x, y), std::floor(std::ldexp(x, -static_cast<int>(y))), \
    0, 99, 0, 0)                                                                                  \
  K(atan2, floating, atan2_of(x, y), std::atan2(x, y), -9, 9, 3, 0)                               \
  K(hypot, floating, hypot_of(x, y), std::hypot(x, y), -9, 9, 1, 0)                               \
  K(copysign, floating, copysign_of(x, y), std::copysign(x, y), -9, 9, 0, 0)                      \
  K(logaddexp, floating, logaddexp_of(x, y), std::log(std::exp(x) + std::exp(y)), -9, 9, 3, 1)    \
  K(logaddexp2, floating, logaddexp2_of(x, y), std::log2(std::exp2(x) + std::exp2(y)), -9, 9, 3,  \
    1)                                                                                            \
  K(xlogy, floating, xlogy_of(x, y), x* std::log(y), 0, 9, 2, 0)                                  \
  K(xlog1py, floating, xlog1py_of(x, y), x* std::log1p(y), 0, 9, 3, 0)                            \
  K(glu, floating, x* sigmoid_of(y), x / (1 + std::exp(-y)), -9, 9, 4, 0)

// compare.cpp: two operands of one dtype; the result is bool.
#define TAPEHEAD_COMPARE_KERNELS(K)      \
  K(eq, all, x == y, x == y, 0, 4, 0, 0) \
  K(ne, all, x != y, x != y, 0, 4, 0, 0) \
  K(lt, all, x < y, x < y, 0, 4, 0, 0)   \
  K(le, all, x <= y, x <= y, 0, 4, 0, 0)

// ternary.cpp: three operands of one dtype, which is also the dtype of the result. In the
// gradients, x is the gradient of the result.
#define TAPEHEAD_TERNARY_KERNELS(K)                                                              \
  K(clamp, arithmetic, clamp_of(x, y, z), x < y ? (y < z ? y : z) : x < z ? x : z, -9, 9, 0, 0)  \
  K(lerp, floating, lerp_of(x, y, z), x + z * (y - x), 0, 1, 3, 1)                               \
  K(div_gradient, floating, -(x / z) * (y / z), -x * y / (z * z), 1, 9, 2, 0)                    \
  K(maximum_gradient, floating, maximum_gradient_of(x, y, z), x*((y >= z) + (y > z)) / 2, -9, 9, \
    0, 0)                                                                                        \
  K(minimum_gradient, floating, minimum_gradient_of(x, y, z), x*((y <= z) + (y < z)) / 2, -9, 9, \
    0, 0)                                                                                        \
  K(addcmul, floating, x + k[0] * y * z, x + k[0] * y * z, 1, 9, 3, 0, 1.5)                      \
  K(addcdiv, floating, x + k[0] * y / z, x + k[0] * y / z, 1, 9, 3, 0, 1.5)                      \
  K(hypot_gradient, floating, z == 0 ? 0 : x * (y / z), x * y / z, 1, 9, 2, 0)                   \
  K(atan2_gradient, floating, k[0] * x * y / (y * y + z * z), k[0] * x * y / (y * y + z * z), 1, \
    9, 3, 0, -1)                                                                                 \
  K(logaddexp_gradient, floating, logaddexp_gradient_of(x, y, z, k[0]),                          \
    x / (1 + std::exp(k[0] * (z - y))), -5, 5, 12, 0, 1)                                         \
  K(prelu_gradient, floating, y > 0 ? x : z * x, y > 0 ? x : z * x, -9, 9, 1, 0)                 \
  K(glu_gradient, floating, x* y* sigmoid_parts(z).slope,                                        \
    x* y / ((1 + std::exp(z)) * (1 + std::exp(-z))), -5, 5, 5, 0)

// activation.cpp: functions with parameters, and activations, of one operand; the result has the
// dtype of the operand.
#define TAPEHEAD_ACTIVATION_KERNELS(K)                                                            \
  K(relu, floating, x <= 0 ? 0 : x, x > 0 ? x : 0, -9, 9, 0, 0)                                   \
  K(leaky_relu, floating, x > 0 ? x : x * k[0], x > 0 ? x : k[0] * x, -9, 9, 1, 0, 0.25)          \
  K(elu, floating, x > 0 ? x * k[2] : k[0] * expm1_of(x * k[1]),                                  \
    x > 0 ? x * k[2] : k[0] * std::expm1(x * k[1]), -9, 9, 3, 0, 1.5, 0.5, 2)                     \
  K(hardtanh, floating, hardtanh_of(x, k[0], k[1]), x<k[0] ? k[0] : x> k[1] ? k[1] : x, -9, 9, 0, \
    0, -3, 3)                                                                                     \
  K(gelu, floating, gelu_of(x), x*(1 + std::erf(x * std::sqrt(0.5))) / 2, -9, 9, 4, 1)            \
  K(gelu_tanh, floating, x* sigmoid_of(gelu_tanh_argument(x)),                                    \
    x / (1 + std::exp(-1.5957691216057308 * (x + 0.044715 * x * x * x))), -9, 9, 6, 1)            \
  K(silu, floating, x* sigmoid_of(x), x / (1 + std::exp(-x)), -80, 80, 4, 0)                      \
  K(softplus, floating, softplus_of(x* k[0]) / k[0], std::log1p(std::exp(k[0] * x)) / k[0], -30,  \
    30, 5, 0, 2)                                                                                  \
  K(log_sigmoid, floating, -softplus_of(-x), -std::log1p(std::exp(-x)), -30, 30, 5, 0)            \
  K(softsign, floating, x / (1 + absolute(x)), x / (1 + std::abs(x)), -9, 9, 2, 0)                \
  K(mish, floating, mish_of(x), x* std::tanh(std::log1p(std::exp(x))), -9, 30, 6, 0)              \
  K(hardsigmoid, floating, hardtanh_of(x + 3, T(0), T(6)) * T(1.0 / 6),                           \
    std::clamp(x + 3, 0.0L, 6.0L) / 6, -9, 9, 2, 1)                                               \
  K(hardswish, floating, x* hardtanh_of(x + 3, T(0), T(6)) * T(1.0 / 6),                          \
    x * std::clamp(x + 3, 0.0L, 6.0L) / 6, -9, 9, 3, 1)                                           \
  K(tanhshrink, floating, x - tanh_of(x), x - std::tanh(x), -9, 9, 3, 1)                          \
  K(hardshrink, floating, absolute(x) <= k[0] ? 0 : x, std::abs(x) <= k[0] ? 0 : x, -2, 2, 0, 0,  \
    0.5)                                                                                          \
  K(softshrink, floating,                                                                         \
    x > k[0]    ? x - k[0]                                                                        \
    : x < -k[0] ? x + k[0]                                                                        \
                : x * 0,                                                                          \
    x > k[0]    ? x - k[0]                                                                        \
    : x < -k[0] ? x + k[0]                                                                        \
                : 0,                                                                              \
    -2, 2, 1, 0, 0.5)                                                                             \
  K(threshold, floating, x <= k[0] ? k[1] : x, x <= k[0] ? k[1] : x, -9, 9, 0, 0, 2, 3)           \
  K(round_decimals, floating, k[1] > 0 ? round_of(x * k[0]) / k[0] : round_of(x / k[0]) * k[0],   \
    std::nearbyint(x * k[0]) / k[0], -9, 9, 1, 0, 10, 1)                                          \
  K(nan_to_num, floating, nan_to_num_of(x, k[0], k[1], k[2]), x, -9, 9, 0, 0, 1, 2, 3)            \
  K(logit, floating, logit_of(x, k[0]), logit_reference(x, k[0]), 0, 1, 4, 1, 0.1)                \
  K(trigamma, floating, trigamma_of(x), polygamma_reference(1, x), -4, 50, 6, 1)                  \
  K(polygamma, floating, polygamma_of(x, k[0]), polygamma_reference(k[0], x), 0, 50, 12, 0, 3)

// gradient.cpp: x is the gradient of the result; it is multiplied by the derivative at y, the
// operand or, for names ending in _of_result, the result.
#define TAPEHEAD_GRADIENT_KERNELS(K)                                                               \
  K(square, floating, x*(2 * y), x * 2 * y, -9, 9, 1, 0)                                           \
  K(abs, floating, y > 0 ? x : y < 0 ? -x : 0, y > 0 ? x : y < 0 ? -x : 0, -9, 9, 0, 0)            \
  K(reciprocal_of_result, floating, -x* y* y, -x* y* y, -9, 9, 2, 0)                               \
  K(sqrt_of_result, floating, x / (2 * y), x / (2 * y), 1, 9, 1, 0)                                \
  K(rsqrt_of_result, floating, T(-0.5) * x * (y * y * y), -0.5 * x * y * y * y, -9, 9, 3, 0)       \
  K(sin, floating, x* cos_of(y), x* std::cos(y), -9, 9, 3, 0)                                      \
  K(cos, floating, -x* sin_of(y), -x* std::sin(y), -9, 9, 3, 0)                                    \
  K(tanh_of_result, floating, x*((1 - y) * (1 + y)), x*((1 - y) * (1 + y)), -1, 1, 3, 0)           \
  K(sigmoid_of_result, floating, x*(y * (1 - y)), x* y*(1 - y), 0, 1, 3, 0)                        \
  K(erf, floating, x* T(1.1283791670955126) * exp_of(-y * y),                                      \
    x * 1.1283791670955126 * std::exp(-y * y), -5, 5, 30, 0)                                       \
  K(clamp, floating, y >= k[0] && y <= k[1] ? x : 0, k[0] <= y && y <= k[1] ? x : 0, -9, 9, 0, 0,  \
    -3, 3)                                                                                         \
  K(hardtanh, floating, y > k[0] && y < k[1] ? x : 0, k[0] < y && y < k[1] ? x : 0, -9, 9, 0, 0,   \
    -3, 3)                                                                                         \
  K(relu_of_result, floating, y <= 0 ? 0 : x, y > 0 ? x : 0, -9, 9, 0, 0)                          \
  K(leaky_relu, floating, y > 0 ? x : x * k[0], y > 0 ? x : k[0] * x, -9, 9, 1, 0, 0.25)           \
  K(elu, floating, y <= 0 ? x * (k[0] * k[1]) * exp_of(y * k[1]) : x * k[2],                       \
    y <= 0 ? x * k[0] * k[1] * std::exp(y * k[1]) : x * k[2], -9, 9, 3, 0, 1.5, 0.5, 2)            \
  K(gelu, floating, x* gelu_slope(y),                                                              \
    x*((1 + std::erf(y * std::sqrt(0.5))) / 2 + y * std::exp(-y * y / 2) * 0.3989422804014327),    \
    -5, 5, 8, 5)                                                                                   \
  K(gelu_tanh, floating, x* gelu_tanh_slope(y), gelu_tanh_gradient(x, y), -5, 5, 8, 5)             \
  K(silu, floating, x* silu_slope(y),                                                              \
    x*(1 + y * (1 - 1 / (1 + std::exp(-y)))) / (1 + std::exp(-y)), -9, 9, 8, 9)                    \
  K(softplus, floating, x* sigmoid_of(y* k[0]), x / (1 + std::exp(-k[0] * y)), -30, 30, 4, 0, 2)   \
  K(log_sigmoid, floating, x* sigmoid_of(-y), x / (1 + std::exp(y)), -30, 30, 4, 0)                \
  K(softsign, floating, x / squared(1 + absolute(y)), x / ((1 + std::abs(y)) * (1 + std::abs(y))), \
    -9, 9, 4, 0)                                                                                   \
  K(product, floating, x* y* k[0], x* y* k[0], -9, 9, 2, 0, 1.5)                                   \
  K(quotient, floating, x / (y * k[0]), x / (y * k[0]), 1, 9, 2, 0, 1.5)                           \
  K(tan_of_result, floating, x*(y * y + 1), x*(y * y + 1), -9, 9, 2, 0)                            \
  K(asin, floating, x / sqrt_of((1 - y) * (1 + y)), x / std::sqrt((1 - y) * (1 + y)), -0.9, 0.9,   \
    3, 0)                                                                                          \
  K(acos, floating, -x / sqrt_of((1 - y) * (1 + y)), -x / std::sqrt((1 - y) * (1 + y)), -0.9, 0.9, \
    3, 0)                                                                                          \
  K(atan, floating, x / (y * y + 1), x / (y * y + 1), -9, 9, 2, 0)                                 \
  K(sinh, floating, x* cosh_of(y), x* std::cosh(y), -9, 9, 3, 0)                                   \
  K(cosh, floating, x* sinh_of(y), x* std::sinh(y), -9, 9, 4, 0)                                   \
  K(asinh, floating, x / sqrt_of(y * y + 1), x / std::sqrt(y * y + 1), -9, 9, 3, 0)                \
  K(acosh, floating, x / sqrt_of((y - 1) * (y + 1)), x / std::sqrt((y - 1) * (y + 1)), 1.1, 9, 3,  \
    0)                                                                                             \
  K(atanh, floating, x / ((1 - y) * (1 + y)), x / ((1 - y) * (1 + y)), -0.9, 0.9, 3, 0)            \
  K(erfc, floating, x* T(-1.1283791670955126) * exp_of(-y * y),                                    \
    -x * 1.1283791670955126 * std::exp(-y * y), -5, 5, 30, 0)                                      \
  K(erfinv_of_result, floating, x* T(0.886226925452758) * exp_of(y * y),                           \
    x * 0.886226925452758 * std::exp(y * y), -3, 3, 12, 0)                                         \
  K(lgamma, floating, x* digamma_of(y), x* digamma_reference(y), 0.1, 9, 9, 9)                     \
  K(digamma, floating, x* trigamma_of(y), x* polygamma_reference(1, y), 0.1, 9, 8, 9)              \
  K(sinc, floating, x* sinc_slope_of(y), x* sinc_slope_reference(y), -5, 5, 12, 5)                 \
  K(logit, floating, logit_gradient_of(x, y, k[0]), y<k[0] || y> 1 - k[0] ? 0 : x / (y * (1 - y)), \
    0.01, 1, 3, 0, 0.1)                                                                            \
  K(mish, floating, x* mish_slope(y), x* mish_slope_reference(y), -9, 9, 9, 9)                     \
  K(hardsigmoid, floating, y > -3 && y < 3 ? x * T(1.0 / 6) : 0, y > -3 && y < 3 ? x / 6 : 0, -9,  \
    9, 1, 0)                                                                                       \
  K(hardswish, floating, x* hardswish_slope(y),                                                    \
    y <= -3 ? 0                                                                                    \
    : y < 3 ? x * (y / 3 + 0.5L)                                                                   \
            : x,                                                                                   \
    -9, 9, 3, 9)                                                                                   \
  K(tanhshrink, floating, x* squared(tanh_of(y)), x* std::tanh(y) * std::tanh(y), -9, 9, 7, 0)     \
  K(shrink, floating, y >= -k[0] && y <= k[0] ? 0 : x, std::abs(y) <= k[0] ? 0 : x, -2, 2, 0, 0,   \
    0.5)                                                                                           \
  K(threshold, floating, y <= k[0] ? 0 : x, y <= k[0] ? 0 : x, -9, 9, 0, 0, 2)                     \
  K(prelu_weight, floating, y > 0 ? 0 : x * y, y > 0 ? 0 : x * y, -9, 9, 1, 0)

namespace tapehead::kernels {

#define TAPEHEAD_ENUM(name, ...) name,
enum class Unary : uint8_t { TAPEHEAD_UNARY_KERNELS(TAPEHEAD_ENUM) count };
enum class Predicate : uint8_t { TAPEHEAD_PREDICATE_KERNELS(TAPEHEAD_ENUM) count };
enum class Activation : uint8_t { TAPEHEAD_ACTIVATION_KERNELS(TAPEHEAD_ENUM) count };
enum class Binary : uint8_t {
  TAPEHEAD_BINARY_KERNELS(TAPEHEAD_ENUM) TAPEHEAD_DENSE_BINARY_KERNELS(TAPEHEAD_ENUM) count
};
enum class Compare : uint8_t { TAPEHEAD_COMPARE_KERNELS(TAPEHEAD_ENUM) count };
enum class Gradient : uint8_t { TAPEHEAD_GRADIENT_KERNELS(TAPEHEAD_ENUM) count };
enum class Ternary : uint8_t { TAPEHEAD_TERNARY_KERNELS(TAPEHEAD_ENUM) count };
#undef TAPEHEAD_ENUM

/// Null for dtypes that the kernel does not support and those that are computed in another
/// (kernel_type()).
template <class Op>
struct LoopKernels {
  Loop loops[static_cast<int>(Op::count)][kDTypes];
};
struct WhereKernels {
  Loop loops[kDTypes];  ///< condition ? x : y
};
struct CastKernels {
  /// [from][to]; null for types without kernels, except from and to those that they are computed
  /// in.
  Loop loops[kDTypes][kDTypes];
};

}  // namespace tapehead::kernels

TAPEHEAD_KERNELS(unary, LoopKernels<Unary>, "exp neg bitwise_not")
TAPEHEAD_KERNELS(predicate, LoopKernels<Predicate>, "isnan isfinite")
TAPEHEAD_KERNELS(activation, LoopKernels<Activation>, "gelu softplus")
TAPEHEAD_KERNELS(binary, LoopKernels<Binary>, "add mul")
TAPEHEAD_KERNELS(compare, LoopKernels<Compare>, "lt")
TAPEHEAD_KERNELS(gradient, LoopKernels<Gradient>, "gelu softplus")
TAPEHEAD_KERNELS(ternary, LoopKernels<Ternary>, "clamp lerp")
TAPEHEAD_KERNELS(where, WhereKernels, "where")
TAPEHEAD_KERNELS(cast, CastKernels, "clone contiguous")

#ifndef TAPEHEAD_ISA
namespace tapehead::kernels {

/// The loop that computes the op on elements of kernel_type(dtype); null if it is not supported.
#define TAPEHEAD_LOOP(Op, family)                                                      \
  inline Loop loop(Op op, DType dtype) {                                               \
    return family().loops[static_cast<int>(op)][static_cast<int>(kernel_type(dtype))]; \
  }
TAPEHEAD_LOOP(Unary, unary)
TAPEHEAD_LOOP(Predicate, predicate)
TAPEHEAD_LOOP(Activation, activation)
TAPEHEAD_LOOP(Binary, binary)
TAPEHEAD_LOOP(Compare, compare)
TAPEHEAD_LOOP(Gradient, gradient)
TAPEHEAD_LOOP(Ternary, ternary)
#undef TAPEHEAD_LOOP
inline Loop where_loop(DType dtype) { return where().loops[static_cast<int>(dtype)]; }
inline Loop cast_loop(DType from, DType to) {
  return cast().loops[static_cast<int>(from)][static_cast<int>(to)];
}

}  // namespace tapehead::kernels
#endif
