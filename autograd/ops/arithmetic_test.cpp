#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

TAPEHEAD_OP_TEST(add)
    .binary(add, [](double a, double b) { return a + b; })
    .bad<ShapeError>(
        [] {
          core::full({2, 3}, 1) + core::full({2}, 1);
        },
        "add: shapes [2, 3] and [2] do not broadcast: size(-1) is 3 in one and 2 in the "
        "other; sizes must be equal or 1");
TAPEHEAD_OP_TEST(sub)
    .binary(sub, [](double a, double b) { return a - b; })
    .bad<ShapeError>(
        [] {
          core::full({2, 3}, 1) - core::full({4, 1, 2}, 1);
        },
        "sub: shapes [2, 3] and [4, 1, 2] do not broadcast: size(-1) is 3 in one and 2 in "
        "the other; sizes must be equal or 1")
    .bad<DTypeError>([] { core::full({2}, 1, boolean) - core::full({2}, 1, boolean); },
                     "sub: expected numeric tensors, got bool; convert with to(f32)");
TAPEHEAD_OP_TEST(mul)
    .binary(mul, [](double a, double b) { return a * b; })
    .bad<ShapeError>(
        [] { core::full({3}, 1) * core::full({0}, 1); },
        "mul: shapes [3] and [0] do not broadcast: size(-1) is 3 in one and 0 in the other; "
        "sizes must be equal or 1");
TAPEHEAD_OP_TEST(div)
    .binary(div, [](double a, double b) { return a / b; }, {}, {.away_from_zero = 0.5})
    .binary([](const Tensor& a, const Tensor& b) { return div(a, b, RoundingMode::none); },
            [](double a, double b) { return a / b; }, {}, {.away_from_zero = 0.5})
    .binary([](const Tensor& a, const Tensor& b) { return div(a, b, RoundingMode::trunc); },
            [](double a, double b) { return std::trunc(a / b); }, {-20, 20},
            {.away_from_zero = 0.5}, false)
    .binary([](const Tensor& a, const Tensor& b) { return div(a, b, RoundingMode::trunc); },
            [](double a, double b) { return std::trunc(a / b); }, {-4.7, -4.6}, {1.3, 1.4})
    .binary([](const Tensor& a, const Tensor& b) { return div(a, b, RoundingMode::floor); },
            [](double a, double b) { return std::floor(a / b); }, {-20, 20},
            {.away_from_zero = 0.5}, false)
    .bad<ValueError>([] { div(core::full({2}, 1, i64), 0, RoundingMode::trunc); },
                     "div: the divisor [] i64 contains a 0, but integers cannot be divided by 0; "
                     "convert with to(f32)")
    .bad<ShapeError>(
        [] { core::full({3}, 1) / core::full({2}, 1); },
        "div: shapes [3] and [2] do not broadcast: size(-1) is 3 in one and 2 in the other; "
        "sizes must be equal or 1");
TAPEHEAD_OP_TEST(neg)
    .unary(neg, [](double x) { return -x; })
    .bad<DTypeError>([] { -core::full({2}, 1, boolean); },
                     "neg: expected a numeric tensor, got [2] bool; convert with to(f32)");

static Sample mix(const Shape& a, const Shape& b, const Shape& weight) {
  return {.operands = {a, b, {weight, -0.5, 1.5}},
          .call = [](const Tensors& x) { return Tensors{lerp(x[0], x[1], x[2])}; },
          .reference =
              [](Arrays& x) {
                return Arrays{map(x, [](const double* v) { return v[0] + v[2] * (v[1] - v[0]); })};
              }};
}
TAPEHEAD_OP_TEST(lerp)
    .sample(mix({2, 3}, {2, 3}, {2, 3}))
    .sample(mix({2, 3}, {3}, {}))
    .sample(mix({2, 1}, {1, 3}, {4, 1, 1}))
    .bad<DTypeError>([] { lerp(core::full({2}, 1, i64), core::full({2}, 1, i64), 1); },
                     "lerp: expected floating tensors, got i64; convert with to(f32)")
    .bad<ShapeError>([] { lerp(core::full({2}, 1), core::full({2}, 1), core::full({3}, 1)); },
                     "lerp: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
                     "other; sizes must be equal or 1");

static Sample of_three(Tensor (*f)(const Tensor&, const Tensor&, const Tensor&, double),
                       double (*reference)(const double*), double value, const Shape& a,
                       const Shape& b) {
  return {.operands = {{{2, 5}}, a, Operand(b, 0.5, 2)},
          .call = [=](const Tensors& x) { return Tensors{f(x[0], x[1], x[2], value)}; },
          .reference =
              [=](Arrays& x) {
                const Array scale({1}, value);
                return Arrays{map({x[0], x[1], x[2], scale}, reference)};
              },
          .roundings = 2};
}
static double addcmul_of(const double* v) { return v[0] + v[3] * v[1] * v[2]; }
TAPEHEAD_OP_TEST(addcmul)
    .samples({of_three(addcmul, addcmul_of, 1, {2, 5}, {2, 5}),
              of_three(addcmul, addcmul_of, -1.5, {5}, {2, 1})})
    .bad<DTypeError>([] { addcmul(core::full({2}, 1, i64), 1, 1); },
                     "addcmul: expected floating tensors, got i64; convert with to(f32)");
static double addcdiv_of(const double* v) { return v[0] + v[3] * v[1] / v[2]; }
TAPEHEAD_OP_TEST(addcdiv)
    .samples({of_three(addcdiv, addcdiv_of, 1, {2, 5}, {2, 5}),
              of_three(addcdiv, addcdiv_of, -1.5, {5}, {2, 1})})
    .bad<ShapeError>([] { addcdiv(core::full({2}, 1), core::full({3}, 1), 1); },
                     "addcdiv: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in "
                     "the other; sizes must be equal or 1");

}  // namespace tapehead::op_tests
