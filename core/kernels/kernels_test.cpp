// Every elementwise kernel of lists.h against its reference in long double: each type, lengths
// around the vector sizes, operands side by side, repeated and strided. Runs for the instruction
// set in use.
#include "tapehead/core/kernels/kernels.h"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::kernels {
namespace {

long double gelu_tanh_gradient(long double dy, long double x) {
  const long double a = 2 * std::sqrt(2 / M_PIl);
  const long double s = 1 / (1 + std::exp(-a * (x + 0.044715L * x * x * x)));
  return dy * (s + x * s * (1 - s) * a * (1 + 3 * 0.044715L * x * x));
}

using Number = long double;
using Reference = Number (*)(Number x, Number y, Number z, const double* k);
struct Kernel {
  std::string name;
  const Loop* loops;  // [DType]
  int operands;
  bool is_predicate;  // the result is bool
  Reference reference;
  double from, to, ulp, least;
  std::array<double, 2> numbers;
};

std::vector<Kernel> all_kernels() {
  const Table& t = table();
  std::vector<Kernel> list;
  int row = 0;
#define TAPEHEAD_ROW(group, operands, predicate, name, types, reference, from, to, ulp, least,    \
                     ...)                                                                         \
  list.push_back(                                                                                 \
      {#group "." #name,                                                                          \
       t.group[row++],                                                                            \
       operands,                                                                                  \
       predicate,                                                                                 \
       []([[maybe_unused]] Number x, [[maybe_unused]] Number y, [[maybe_unused]] Number z,        \
          [[maybe_unused]] const double* k) -> Number { return static_cast<Number>(reference); }, \
       from,                                                                                      \
       to,                                                                                        \
       ulp,                                                                                       \
       least,                                                                                     \
       {__VA_ARGS__}});
#define TAPEHEAD_UNARY(...) TAPEHEAD_ROW(unary, 1, false, __VA_ARGS__)
#define TAPEHEAD_PREDICATE(...) TAPEHEAD_ROW(predicate, 1, true, __VA_ARGS__)
#define TAPEHEAD_ACTIVATION(...) TAPEHEAD_ROW(activation, 1, false, __VA_ARGS__)
#define TAPEHEAD_BINARY(...) TAPEHEAD_ROW(binary, 2, false, __VA_ARGS__)
#define TAPEHEAD_COMPARE(...) TAPEHEAD_ROW(compare, 2, true, __VA_ARGS__)
#define TAPEHEAD_GRADIENT(...) TAPEHEAD_ROW(gradient, 2, false, __VA_ARGS__)
#define TAPEHEAD_TERNARY(...) TAPEHEAD_ROW(ternary, 3, false, __VA_ARGS__)
  TAPEHEAD_UNARY_KERNELS(TAPEHEAD_UNARY) row = 0;
  TAPEHEAD_PREDICATE_KERNELS(TAPEHEAD_PREDICATE) row = 0;
  TAPEHEAD_ACTIVATION_KERNELS(TAPEHEAD_ACTIVATION) row = 0;
  TAPEHEAD_BINARY_KERNELS(TAPEHEAD_BINARY) row = 0;
  TAPEHEAD_COMPARE_KERNELS(TAPEHEAD_COMPARE) row = 0;
  TAPEHEAD_GRADIENT_KERNELS(TAPEHEAD_GRADIENT) row = 0;
  TAPEHEAD_TERNARY_KERNELS(TAPEHEAD_TERNARY)
  return list;
}

// The distance of neighbours of `type` at a number as large as x.
double spacing(DType type, double x) {
  const int digits = type == f64 ? 53 : type == f32 ? 24 : 8;
  int exponent = 0;
  std::frexp(x, &exponent);
  return std::ldexp(1.0, std::max(exponent, type == f64 ? -1021 : -125) - digits);
}

template <class T>
double tolerance(const Kernel& kernel, Number expected) {
  if (!is_floating(dtype_of<T>()) || kernel.is_predicate) return 0;
  const double size = std::max(static_cast<double>(std::abs(expected)), kernel.least);
  // bf16 is computed as f32, then rounded.
  if (dtype_of<T>() == bf16) return spacing(bf16, size);
  return std::max(kernel.ulp, 0.5) * spacing(dtype_of<T>(), size);
}

// The reference's result as the element type has it: integers wrap.
template <class T>
Number as_element(Number x) {
  if constexpr (std::is_same_v<T, bool>) return x != 0;
  else if constexpr (std::is_integral_v<T>) return static_cast<T>(static_cast<int64_t>(x));
  else return x;
}

// One call. steps[k] is how many elements apart operand k reads; steps[0] is the result's.
template <class T>
void run(const Kernel& kernel, int64_t n, std::array<int64_t, 4> steps, std::mt19937& random) {
  std::uniform_real_distribution<double> draw(kernel.from, kernel.to);
  std::vector<std::vector<T>> operands(4);
  for (int k = 1; k <= kernel.operands; ++k) {
    // Unsigned elements are not drawn from where negative ones would wrap.
    for (int64_t i = 0; i < n * 3 + 1; ++i) {
      double x = draw(random);
      if (std::is_same_v<T, uint8_t>) x = std::abs(x);
      operands[k].push_back(static_cast<T>(x));
    }
  }
  const int64_t result_size = kernel.is_predicate ? 1 : sizeof(T);
  std::vector<char> out(static_cast<size_t>((n * 3 + 1) * result_size), 0);
  char* data[4] = {out.data()};
  int64_t strides[4] = {steps[0] * result_size};
  std::array<std::array<char, 3 * 4096 * 8>, 4> plain;  // vector<bool> has no data()
  for (int k = 1; k <= kernel.operands; ++k) {
    for (size_t i = 0; i < operands[k].size(); ++i) {
      const T x = operands[k][i];
      std::memcpy(&plain[k][i * sizeof(T)], &x, sizeof(T));
    }
    data[k] = plain[k].data();
    strides[k] = steps[k] * static_cast<int64_t>(sizeof(T));
  }
  kernel.loops[static_cast<int>(dtype_of<T>())](data, strides, n, kernel.numbers.data());
  for (int64_t i = 0; i < n; ++i) {
    double x[4] = {};
    for (int k = 1; k <= kernel.operands; ++k)
      x[k] = static_cast<double>(T(operands[k][i * steps[k]]));
    Number expected = kernel.reference(x[1], x[2], x[3], kernel.numbers.data());
    double got = 0;
    const char* at = &out[static_cast<size_t>(i * steps[0] * result_size)];
    if (kernel.is_predicate) {
      got = *reinterpret_cast<const bool*>(at);
    } else {
      expected = as_element<T>(expected);
      got = static_cast<double>(*reinterpret_cast<const T*>(at));
    }
    const bool close = std::abs(got - expected) <= tolerance<T>(kernel, expected);
    if (close) continue;
    CAPTURE(x[1]);
    CAPTURE(x[2]);
    CAPTURE(x[3]);
    CAPTURE(n);
    CAPTURE(i);
    CHECK(got == static_cast<double>(expected));
    return;
  }
}

// How many elements apart the result and the operands are read.
constexpr std::array<int64_t, 4> kSteps[] = {{1, 0, 1, 1}, {1, 1, 0, 1}, {1, 1, 1, 0},
                                             {1, 1, 0, 0}, {1, 0, 0, 0}, {1, 2, 1, 3},
                                             {2, 1, 1, 1}, {3, 3, 2, 2}};

TEST_CASE("every elementwise kernel computes its reference") {
  std::mt19937 random(1);
  for (const Kernel& kernel : all_kernels()) {
    CAPTURE(kernel.name);
    for (int d = 0; d < kDTypes; ++d) {
      if (!kernel.loops[d]) continue;
      CAPTURE(std::string(name(static_cast<DType>(d))));
      visit(static_cast<DType>(d), [&]<class T>() {
        for (const int64_t n : {1, 3, 4, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 1000})
          run<T>(kernel, n, {1, 1, 1, 1}, random);
        for (const std::array<int64_t, 4>& steps : kSteps) run<T>(kernel, 100, steps, random);
      });
    }
  }
}

}  // namespace
}  // namespace tapehead::kernels
