#include <algorithm>

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

// Operands stay away from 0, where the derivative jumps.
TAPEHEAD_OP_TEST(relu)
    .unary(relu, [](double x) { return std::max(x, 0.0); }, {.away_from_zero = 0.1})
    .corners(relu, {-1, 0, 2})
    .bad<DTypeError>([] { relu(core::full({2}, 1, boolean)); },
                     "relu: expected a numeric tensor, got [2] bool; convert with to(f32)");
TAPEHEAD_OP_TEST(leaky_relu)
    .unary([](const Tensor& x) { return leaky_relu(x); },
           [](double x) { return x > 0 ? x : 0.01 * x; }, {.away_from_zero = 0.1})
    .unary([](const Tensor& x) { return leaky_relu(x, -0.5); },
           [](double x) { return x > 0 ? x : -0.5 * x; }, {.away_from_zero = 0.1})
    .corners([](const Tensor& x) { return leaky_relu(x); }, {-1, 0, 2})
    .bad<DTypeError>([] { leaky_relu(core::full({2}, 1, i64)); },
                     "leaky_relu: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(elu)
    .unary([](const Tensor& x) { return elu(x); },
           [](double x) { return x > 0 ? x : std::expm1(x); }, {.away_from_zero = 0.1})
    .unary([](const Tensor& x) { return elu(x, 1.5); },
           [](double x) { return x > 0 ? x : 1.5 * std::expm1(x); }, {.away_from_zero = 0.1})
    .corners([](const Tensor& x) { return elu(x, 1.5); }, {-1, 0, 2})
    .bad<DTypeError>([] { elu(core::full({2}, 1, i64)); },
                     "elu: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(celu)
    .unary([](const Tensor& x) { return celu(x); },
           [](double x) { return x > 0 ? x : std::expm1(x); }, {.away_from_zero = 0.1})
    .unary([](const Tensor& x) { return celu(x, 1.5); },
           [](double x) { return x > 0 ? x : 1.5 * std::expm1(x / 1.5); }, {.away_from_zero = 0.1})
    .corners([](const Tensor& x) { return celu(x, 1.5); }, {-1, 0, 2, 2000})
    .bad<ValueError>([] { celu(core::full({2}, 1), 0); }, "celu: alpha is 0; it must not be")
    .bad<DTypeError>([] { celu(core::full({2}, 1, i64)); },
                     "celu: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(selu)
    .unary(selu,
           [](double x) {
             return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
           },
           {.away_from_zero = 0.1})
    .corners(selu, {-1, 0, 2})
    .bad<DTypeError>([] { selu(core::full({2}, 1, i64)); },
                     "selu: expected a floating tensor, got [2] i64; convert with to(f32)");

TAPEHEAD_OP_TEST(softsign)
    .unary(softsign, [](double x) { return x / (1 + std::abs(x)); }, {.away_from_zero = 0.1})
    .bad<DTypeError>([] { softsign(core::full({2}, 1, i64)); },
                     "softsign: expected a floating tensor, got [2] i64; convert with to(f32)");

}  // namespace tapehead::op_tests
