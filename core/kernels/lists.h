// Every elementwise kernel, a row each: the row declares it, compiles it for each type, tests it
// against its reference (kernels_test.cpp) and benchmarks it.
//
//   K(name, types, reference, from, to, ulp, least, numbers...)
//
// name       the functor in the file that the list names
// types      the element types that it has: all, arithmetic (no bool), integral, floating, or whole
//            (integral and bool)
// reference  what it computes, in long double, of its operands x, y, z and its numbers k[0], k[1]
// from, to   the operands' range that tests and benchmarks draw from
// ulp        the largest error for f32 and f64, in units of the last place of the result
// least      or, where the result is smaller than this, of this
// numbers    sample values of the op's numbers, for kernels that take them
#pragma once

// unary.cpp: one operand; the result has its type.
#define TAPEHEAD_UNARY_KERNELS(K)                                  \
  K(neg, arithmetic, -x, -9, 9, 0, 0)                              \
  K(abs, arithmetic, std::abs(x), -9, 9, 0, 0)                     \
  K(sign, arithmetic, (x > 0) - (x < 0), -9, 9, 0, 0)              \
  K(square, arithmetic, x* x, -9, 9, 1, 0)                         \
  K(bitwise_not, integral, ~static_cast<int64_t>(x), 0, 100, 0, 0) \
  K(floor, floating, std::floor(x), -9, 9, 0, 0)                   \
  K(ceil, floating, std::ceil(x), -9, 9, 0, 0)                     \
  K(round, floating, std::nearbyint(x), -9, 9, 0, 0)               \
  K(trunc, floating, std::trunc(x), -9, 9, 0, 0)                   \
  K(reciprocal, floating, 1 / x, 1, 9, 1, 0)                       \
  K(sqrt, floating, std::sqrt(x), 0, 9, 1, 0)                      \
  K(rsqrt, floating, 1 / std::sqrt(x), 0.1, 9, 2, 0)               \
  K(exp, floating, std::exp(x), -80, 80, 1, 0)                     \
  K(expm1, floating, std::expm1(x), -20, 80, 1.5, 0)               \
  K(log, floating, std::log(x), 0.001, 9, 1, 0)                    \
  K(log1p, floating, std::log1p(x), -0.9, 9, 2.1, 0)               \
  K(sin, floating, std::sin(x), -99, 99, 1, 0)                     \
  K(cos, floating, std::cos(x), -99, 99, 1, 0)                     \
  K(tanh, floating, std::tanh(x), -12, 12, 2.6, 0)                 \
  K(sigmoid, floating, 1 / (1 + std::exp(-x)), -80, 80, 2.5, 0)    \
  K(erf, floating, std::erf(x), -5, 5, 3.1, 0)

// unary.cpp: one operand; the result is bool.
#define TAPEHEAD_PREDICATE_KERNELS(K)            \
  K(isnan, floating, std::isnan(x), -9, 9, 0, 0) \
  K(isinf, floating, std::isinf(x), -9, 9, 0, 0) \
  K(isfinite, floating, std::isfinite(x), -9, 9, 0, 0)

// binary.cpp: two operands of one type, which is the result's.
#define TAPEHEAD_BINARY_KERNELS(K)                                                      \
  K(add, all, x + y, -9, 9, 1, 0)                                                       \
  K(sub, arithmetic, x - y, -9, 9, 1, 0)                                                \
  K(mul, all, x* y, -9, 9, 1, 0)                                                        \
  K(div, floating, x / y, 1, 9, 1, 0)                                                   \
  K(floor_divide, arithmetic, std::floor(x / y), 1, 99, 0, 0)                           \
  K(remainder, arithmetic, std::fmod(x, y), 1, 99, 0, 0)                                \
  K(pow, arithmetic, std::pow(x, y), 1, 4, 2, 0)                                        \
  K(maximum, all, x > y ? x : y, -9, 9, 0, 0)                                           \
  K(minimum, all, x < y ? x : y, -9, 9, 0, 0)                                           \
  K(bitwise_and, whole, static_cast<int64_t>(x) & static_cast<int64_t>(y), 0, 99, 0, 0) \
  K(bitwise_or, whole, static_cast<int64_t>(x) | static_cast<int64_t>(y), 0, 99, 0, 0)  \
  K(bitwise_xor, whole, static_cast<int64_t>(x) ^ static_cast<int64_t>(y), 0, 99, 0, 0)

// compare.cpp: two operands of one type; the result is bool.
#define TAPEHEAD_COMPARE_KERNELS(K) \
  K(eq, all, x == y, 0, 4, 0, 0)    \
  K(ne, all, x != y, 0, 4, 0, 0)    \
  K(lt, all, x < y, 0, 4, 0, 0)     \
  K(le, all, x <= y, 0, 4, 0, 0)

// ternary.cpp: three operands of one type, which is the result's. x of the gradients is that of the
// result.
#define TAPEHEAD_TERNARY_KERNELS(K)                                            \
  K(clamp, arithmetic, x < y ? (y < z ? y : z) : x < z ? x : z, -9, 9, 0, 0)   \
  K(lerp, floating, x + z * (y - x), 0, 1, 3, 1)                               \
  K(div_gradient, floating, -x* y / (z * z), 1, 9, 2, 0)                       \
  K(maximum_gradient, floating, x*(y > z ? 1 : y == z ? 0.5 : 0), -9, 9, 0, 0) \
  K(minimum_gradient, floating, x*(y < z ? 1 : y == z ? 0.5 : 0), -9, 9, 0, 0)

// activation.cpp: one operand and numbers; the result has the operand's type.
#define TAPEHEAD_ACTIVATION_KERNELS(K)                                                             \
  K(relu, floating, x > 0 ? x : 0, -9, 9, 0, 0)                                                    \
  K(leaky_relu, floating, x > 0 ? x : k[0] * x, -9, 9, 1, 0, 0.25)                                 \
  K(elu, floating, x > 0 ? x : k[0] * std::expm1(x), -9, 9, 3, 0, 1.5)                             \
  K(hardtanh, floating, x<k[0] ? k[0] : x> k[1] ? k[1] : x, -9, 9, 0, 0, -3, 3)                    \
  K(gelu, floating, x*(1 + std::erf(x * std::sqrt(0.5))) / 2, -9, 9, 4, 1)                         \
  K(gelu_tanh, floating, x / (1 + std::exp(-1.5957691216057308 * (x + 0.044715 * x * x * x))), -9, \
    9, 6, 1)                                                                                       \
  K(silu, floating, x / (1 + std::exp(-x)), -80, 80, 4, 0)                                         \
  K(softplus, floating, std::log1p(std::exp(k[0] * x)) / k[0], -30, 30, 5, 0, 2)                   \
  K(log_sigmoid, floating, -std::log1p(std::exp(-x)), -30, 30, 5, 0)                               \
  K(softsign, floating, x / (1 + std::abs(x)), -9, 9, 2, 0)

// gradient.cpp: x, the gradient of a result, times the derivative at y, which is the operand or,
// for those that say so, the result.
#define TAPEHEAD_GRADIENT_KERNELS(K)                                                            \
  K(square, floating, x * 2 * y, -9, 9, 1, 0)                                                   \
  K(abs, floating, y > 0 ? x : y < 0 ? -x : 0, -9, 9, 0, 0)                                     \
  K(reciprocal_of_result, floating, -x* y* y, -9, 9, 2, 0)                                      \
  K(sqrt_of_result, floating, x / (2 * y), 1, 9, 1, 0)                                          \
  K(rsqrt_of_result, floating, -0.5 * x * y * y * y, -9, 9, 3, 0)                               \
  K(sin, floating, x* std::cos(y), -9, 9, 3, 0)                                                 \
  K(cos, floating, -x* std::sin(y), -9, 9, 3, 0)                                                \
  K(tanh_of_result, floating, x*(1 - y * y), -1, 1, 3, 0)                                       \
  K(sigmoid_of_result, floating, x* y*(1 - y), 0, 1, 3, 0)                                      \
  K(erf, floating, x * 1.1283791670955126 * std::exp(-y * y), -5, 5, 30, 0)                     \
  K(clamp, floating, k[0] <= y && y <= k[1] ? x : 0, -9, 9, 0, 0, -3, 3)                        \
  K(hardtanh, floating, k[0] < y && y < k[1] ? x : 0, -9, 9, 0, 0, -3, 3)                       \
  K(relu_of_result, floating, y > 0 ? x : 0, -9, 9, 0, 0)                                       \
  K(leaky_relu, floating, y > 0 ? x : k[0] * x, -9, 9, 1, 0, 0.25)                              \
  K(elu, floating, y > 0 ? x : x * k[0] * std::exp(y), -9, 9, 3, 0, 1.5)                        \
  K(gelu, floating,                                                                             \
    x*((1 + std::erf(y * std::sqrt(0.5))) / 2 + y * std::exp(-y * y / 2) * 0.3989422804014327), \
    -5, 5, 8, 5)                                                                                \
  K(gelu_tanh, floating, gelu_tanh_gradient(x, y), -5, 5, 8, 5)                                 \
  K(silu, floating, x*(1 + y * (1 - 1 / (1 + std::exp(-y)))) / (1 + std::exp(-y)), -9, 9, 8, 9) \
  K(softplus, floating, x / (1 + std::exp(-k[0] * y)), -30, 30, 4, 0, 2)                        \
  K(log_sigmoid, floating, x / (1 + std::exp(y)), -30, 30, 4, 0)                                \
  K(softsign, floating, x / ((1 + std::abs(y)) * (1 + std::abs(y))), -9, 9, 4, 0)
