#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

TAPEHEAD_OP_TEST(floor)
    .unary(floor, std::floor, {-9, 9}, false)
    .unary(floor, std::floor, {0.1, 0.9})
    .bad<DTypeError>([] { floor(core::full({2}, 1, boolean)); },
                     "floor: expected a numeric tensor, got [2] bool; convert with to(f32)");
TAPEHEAD_OP_TEST(ceil)
    .unary(ceil, std::ceil, {-9, 9}, false)
    .unary(ceil, std::ceil, {0.1, 0.9})
    .bad<DTypeError>([] { ceil(core::full({2}, 1, boolean)); },
                     "ceil: expected a numeric tensor, got [2] bool; convert with to(f32)");
TAPEHEAD_OP_TEST(trunc)
    .unary(trunc, std::trunc, {-9, 9}, false)
    .unary(trunc, std::trunc, {0.1, 0.9})
    .bad<DTypeError>([] { trunc(core::full({2}, 1, boolean)); },
                     "trunc: expected a numeric tensor, got [2] bool; convert with to(f32)");
TAPEHEAD_OP_TEST(round)
    .unary(round, std::nearbyint, {-9, 9}, false)
    .unary(round, std::nearbyint, {0.6, 1.4})
    .unary([](const Tensor& x) { return round(x, 1); },
           [](double x) { return std::nearbyint(x * 10) / 10; }, {0.11, 0.14})
    .unary([](const Tensor& x) { return round(x, -1); },
           [](double x) { return std::nearbyint(x / 10) * 10; }, {11, 14})
    .bad<DTypeError>([] { round(core::full({2}, 1, i64), -1); },
                     "round: expected a floating tensor for decimals = -1, got [2] i64; convert "
                     "with to(f32)")
    .bad<DTypeError>([] { round(core::full({2}, 1, boolean)); },
                     "round: expected a numeric tensor, got [2] bool; convert with to(f32)");
TAPEHEAD_OP_TEST(sign)
    .unary(sign, [](double x) -> double { return (x > 0) - (x < 0); }, {.away_from_zero = 0.1})
    .bad<DTypeError>([] { sign(core::full({2}, 1, boolean)); },
                     "sign: expected a numeric tensor, got [2] bool; convert with to(f32)");

static double modulo(double a, double b) {
  const double rest = std::fmod(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}
TAPEHEAD_OP_TEST(floor_divide)
    .binary(
        floor_divide, [](double a, double b) { return std::floor(a / b); }, {-20, 20},
        {.away_from_zero = 0.5}, false)
    .binary(floor_divide, [](double a, double b) { return std::floor(a / b); }, {4.6, 4.7},
            {1.3, 1.4})
    .bad<ValueError>([] { floor_divide(core::full({2}, 1, i64), 0); },
                     "floor_divide: the divisor [] i64 contains a 0, but integers cannot be "
                     "divided by 0; convert with to(f32)")
    .bad<ShapeError>(
        [] { floor_divide(core::full({2}, 1), core::full({3}, 1)); },
        "floor_divide: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in "
        "the other; sizes must be equal or 1");
TAPEHEAD_OP_TEST(remainder)
    .binary(remainder, modulo, {-20, 20}, {.away_from_zero = 0.5}, false)
    .binary(remainder, modulo, {4.6, 4.7}, {1.3, 1.4})
    .bad<ValueError>([] { remainder(core::full({2}, 1, i32), core::full({2}, 0, i32)); },
                     "remainder: the divisor [2] i32 contains a 0, but integers cannot be divided "
                     "by 0; convert with to(f32)")
    .bad<DTypeError>([] { remainder(core::full({2}, 1, boolean), true); },
                     "remainder: expected numeric tensors, got bool; convert with to(f32)");
TAPEHEAD_OP_TEST(fmod)
    .binary(fmod, std::fmod, {-20, 20}, {.away_from_zero = 0.5}, false)
    .binary(fmod, std::fmod, {-4.7, -4.6}, {1.3, 1.4})
    .bad<ValueError>([] { fmod(core::full({2}, 1, i32), core::full({2}, 0, i32)); },
                     "fmod: the divisor [2] i32 contains a 0, but integers cannot be divided by 0; "
                     "convert with to(f32)");
TAPEHEAD_OP_TEST(frac)
    .unary(
        frac, [](double x) { return x - std::trunc(x); }, {-9, 9}, false)
    .unary(frac, [](double x) { return x - std::trunc(x); }, {-1.9, -1.1})
    .bad<DTypeError>([] { frac(core::full({2}, 1, i64)); },
                     "frac: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(copysign)
    .binary(copysign, std::copysign, {.away_from_zero = 0.1}, {.away_from_zero = 0.1})
    .corners([](const Tensor& x) { return copysign(x, -1); }, {-2, 0, 2});
static double step_of(double x, double y) { return x == 0 ? y : x > 0; }
TAPEHEAD_OP_TEST(heaviside)
    .binary(heaviside, step_of, {.away_from_zero = 0.1}, {})
    .sample({.operands = {vector_of({-1, 0, 2, 0}), vector_of({3, 4, 5, 6})},
             .call = [](const Tensors& x) { return Tensors{heaviside(x[0], x[1])}; },
             .reference =
                 [](Arrays& x) {
                   return Arrays{map(x, [](const double* v) { return step_of(v[0], v[1]); })};
                 },
             .has_derivative = false});

}  // namespace tapehead::op_tests
