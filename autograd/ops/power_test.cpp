#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

TAPEHEAD_OP_TEST(pow)
    .binary(pow, std::pow, {1.1, 2}, {0, 3})
    .binary(pow, std::pow, {1.1, 2}, {-0.9, -0.1})
    .unary([](const Tensor& x) { return pow(x, 3); }, [](double x) { return std::pow(x, 3); },
           {0.2, 2})
    .unary([](const Tensor& x) { return pow(x, 2); }, [](double x) { return std::pow(x, 2); },
           {0.2, 2})
    .unary([](const Tensor& x) { return pow(x, 0.5); }, [](double x) { return std::pow(x, 0.5); },
           {0.2, 2})
    .unary([](const Tensor& x) { return pow(x, -0.5); }, [](double x) { return std::pow(x, -0.5); },
           {0.2, 2})
    .unary([](const Tensor& x) { return pow(x, -1.0); }, [](double x) { return std::pow(x, -1.0); },
           {0.2, 2})
    .unary([](const Tensor& x) { return pow(x, 0); }, [](double x) { return std::pow(x, 0); },
           {0.2, 2})
    .unary([](const Tensor& x) { return pow(x, 1); }, [](double x) { return std::pow(x, 1); },
           {0.2, 2})
    .unary([](const Tensor& x) { return pow(x, 1.7); }, [](double x) { return std::pow(x, 1.7); },
           {0.2, 2})
    .unary([](const Tensor& x) { return pow(2, x); }, [](double x) { return std::pow(2, x); },
           {0.2, 2})
    .unary([](const Tensor& x) { return pow(x, 3); }, [](double x) { return x * x * x; })
    .sample({.operands = {vector_of({0, 0, 0, 2, 2}), vector_of({0, 1, 2, 0, 3})},
             .call = [](const Tensors& x) { return Tensors{pow(x[0], x[1])}; },
             .has_derivative = false})
    .corners([](const Tensor& x) { return pow(x, 1); }, {0, 2})
    .corners([](const Tensor& x) { return pow(x, 0); }, {0, 2})
    .bad<ValueError>([] { pow(core::full({2}, 3, i64), -1); },
                     "pow: the exponent [] i64 contains a negative number, but the base is of "
                     "integer type; convert the base with to(f32)")
    .bad<DTypeError>([] { pow(core::full({2}, 1, boolean), true); },
                     "pow: expected numeric tensors, got bool; convert with to(f32)")
    .bad<ShapeError>([] { pow(core::full({2}, 1), core::full({3}, 1)); },
                     "pow: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
                     "other; sizes must be equal or 1");
// The result is f64 for operands of any dtype.
TAPEHEAD_OP_TEST(float_power)
    .sample({.operands = {indices({2, 3}, 4), indices({3}, 4)},
             .call = [](const Tensors& x) { return Tensors{float_power(x[0] + 1, -x[1])}; },
             .reference =
                 [](Arrays& x) {
                   return Arrays{map(x, [](const double* v) { return std::pow(v[0] + 1, -v[1]); })};
                 },
             .differentiable = false})
    .sample({.operands = {{{2, 3}, 1, 3}, {{3}, -2, 2}},
             .call =
                 [](const Tensors& x) { return Tensors{float_power(x[0], x[1]).to(x[0].dtype())}; },
             .reference =
                 [](Arrays& x) {
                   return Arrays{map(x, [](const double* v) { return std::pow(v[0], v[1]); })};
                 }});
TAPEHEAD_OP_TEST(square)
    .unary(square, [](double x) { return x * x; })
    .bad<DTypeError>([] { square(core::full({2}, 1, boolean)); },
                     "square: expected a numeric tensor, got [2] bool; convert with to(f32)");
TAPEHEAD_OP_TEST(sqrt).unary(sqrt, std::sqrt, {0.1, 4});
TAPEHEAD_OP_TEST(rsqrt).unary(rsqrt, [](double x) { return 1 / std::sqrt(x); }, {0.1, 4});
TAPEHEAD_OP_TEST(reciprocal)
    .unary(reciprocal, [](double x) { return 1 / x; }, {.away_from_zero = 0.3});

}  // namespace tapehead::op_tests
