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

static double into_unit(double x) { return std::min(std::max(x, -1.0), 1.0); }
TAPEHEAD_OP_TEST(hardtanh)
    .unary([](const Tensor& x) { return hardtanh(x); }, into_unit, {-0.9, 0.9})
    .unary([](const Tensor& x) { return hardtanh(x); }, into_unit, {-3, 3, 1.1})
    .unary([](const Tensor& x) { return hardtanh(x, 0, 6); },
           [](double x) { return std::min(std::max(x, 0.0), 6.0); }, {-5, 5, 0.1})
    .corners([](const Tensor& x) { return hardtanh(x); }, {-2, -1, 0.5, 1, 2})
    .bad<ValueError>([] { hardtanh(core::full({2}, 1), 1, -1); },
                     "hardtanh: low is 1 and high -1; low must be below high")
    .bad<DTypeError>([] { hardtanh(core::full({2}, 1, i32)); },
                     "hardtanh: expected a floating tensor, got [2] i32; convert with to(f32)");
TAPEHEAD_OP_TEST(softsign)
    .unary(softsign, [](double x) { return x / (1 + std::abs(x)); }, {.away_from_zero = 0.1})
    .bad<DTypeError>([] { softsign(core::full({2}, 1, i64)); },
                     "softsign: expected a floating tensor, got [2] i64; convert with to(f32)");

}  // namespace tapehead::op_tests
