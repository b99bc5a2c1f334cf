#include "tapehead/tests/kernel_list.h"

#include <algorithm>
#include <cmath>

namespace tapehead::kernels {
namespace {

// The distance between adjacent numbers of `type` around x.
double spacing(DType type, double x) {
  const int digits = type == f64 ? 53 : type == f32 ? 24 : 8;
  int exponent = 0;
  std::frexp(x, &exponent);
  return std::ldexp(1.0, std::max(exponent, type == f64 ? -1021 : -125) - digits);
}

}  // namespace

std::vector<ListedKernel> listed_kernels() {
  std::vector<ListedKernel> list;
  int row = 0;
#define TAPEHEAD_LISTED(group, operands, predicate, name, types, expression, reference, from, to, \
                        ulp, least, ...)                                                          \
  list.push_back(                                                                                 \
      {#group "." #name,                                                                          \
       group().loops[row++],                                                                      \
       operands,                                                                                  \
       predicate,                                                                                 \
       []([[maybe_unused]] Number x, [[maybe_unused]] Number y, [[maybe_unused]] Number z,        \
          [[maybe_unused]] const double* k) -> Number { return static_cast<Number>(reference); }, \
       from,                                                                                      \
       to,                                                                                        \
       ulp,                                                                                       \
       least,                                                                                     \
       {__VA_ARGS__}});
#define TAPEHEAD_UNARY(...) TAPEHEAD_LISTED(unary, 1, false, __VA_ARGS__)
#define TAPEHEAD_PREDICATE(...) TAPEHEAD_LISTED(predicate, 1, true, __VA_ARGS__)
#define TAPEHEAD_ACTIVATION(...) TAPEHEAD_LISTED(activation, 1, false, __VA_ARGS__)
#define TAPEHEAD_BINARY(...) TAPEHEAD_LISTED(binary, 2, false, __VA_ARGS__)
#define TAPEHEAD_COMPARE(...) TAPEHEAD_LISTED(compare, 2, true, __VA_ARGS__)
#define TAPEHEAD_GRADIENT(...) TAPEHEAD_LISTED(gradient, 2, false, __VA_ARGS__)
#define TAPEHEAD_TERNARY(...) TAPEHEAD_LISTED(ternary, 3, false, __VA_ARGS__)
  TAPEHEAD_UNARY_KERNELS(TAPEHEAD_UNARY) row = 0;
  TAPEHEAD_PREDICATE_KERNELS(TAPEHEAD_PREDICATE) row = 0;
  TAPEHEAD_ACTIVATION_KERNELS(TAPEHEAD_ACTIVATION) row = 0;
  TAPEHEAD_BINARY_KERNELS(TAPEHEAD_BINARY)
  TAPEHEAD_DENSE_BINARY_KERNELS(TAPEHEAD_BINARY) row = 0;
  TAPEHEAD_COMPARE_KERNELS(TAPEHEAD_COMPARE) row = 0;
  TAPEHEAD_GRADIENT_KERNELS(TAPEHEAD_GRADIENT) row = 0;
  TAPEHEAD_TERNARY_KERNELS(TAPEHEAD_TERNARY)
  return list;
}

Number as_element(DType type, Number x) {
  if (type == boolean) return x != 0;
  if (is_floating(type)) return x;
  return visit(type, [&]<class T>() {
    return static_cast<Number>(static_cast<T>(static_cast<int64_t>(x)));
  });
}

double tolerance(const ListedKernel& kernel, DType type, Number expected) {
  if (!is_floating(type) || kernel.is_predicate) return 0;
  const double size = std::max(static_cast<double>(std::abs(expected)), kernel.least);
  // bf16 is computed in f32, then rounded.
  if (type == bf16) return spacing(bf16, size);
  return std::max(kernel.ulp, 0.5) * spacing(type, size);
}

}  // namespace tapehead::kernels
