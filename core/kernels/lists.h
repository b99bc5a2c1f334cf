// Every elementwise kernel, a row each.
//
//   K(name, types, reference, from, to, ulp)
//
// name       the functor in unary.cpp or binary.cpp
// types      which element types it has: all, arithmetic (no bool), floating
// reference  what it computes, in double, of x (and y)
// from, to   the operands' range that tests and benchmarks draw from
// ulp        the largest error for f32 and f64, in units of the last place
#pragma once

#define TAPEHEAD_UNARY_KERNELS(K)              \
  K(neg, arithmetic, -x, -9, 9, 0)             \
  K(exp, floating, std::exp(x), -80, 80, 2)    \
  K(tanh, floating, std::tanh(x), -12, 12, 4)

#define TAPEHEAD_BINARY_KERNELS(K)      \
  K(add, all, x + y, -9, 9, 1)          \
  K(sub, arithmetic, x - y, -9, 9, 1)   \
  K(mul, all, x * y, -9, 9, 1)          \
  K(div, floating, x / y, 1, 9, 1)
