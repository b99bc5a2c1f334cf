#include <algorithm>

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

// Operands stay away from corners, where the derivative jumps.
static double hard_tanh(double x) { return std::min(std::max(x, -1.0), 1.0); }
TAPEHEAD_OP_TEST(hardtanh)
    .unary([](const Tensor& x) { return hardtanh(x); }, hard_tanh, {-0.9, 0.9})
    .unary([](const Tensor& x) { return hardtanh(x); }, hard_tanh, {-3, 3, 1.1})
    .unary([](const Tensor& x) { return hardtanh(x, 0, 6); },
           [](double x) { return std::min(std::max(x, 0.0), 6.0); }, {-5, 5, 0.1})
    .corners([](const Tensor& x) { return hardtanh(x); }, {-2, -1, 0.5, 1, 2})
    .bad<ValueError>([] { hardtanh(core::full({2}, 1), 1, -1); },
                     "hardtanh: low is 1 and high -1; low must be below high")
    .bad<DTypeError>([] { hardtanh(core::full({2}, 1, i32)); },
                     "hardtanh: expected a floating tensor, got [2] i32; convert with to(f32)");
TAPEHEAD_OP_TEST(relu6)
    .unary(relu6, [](double x) { return std::min(std::max(x, 0.0), 6.0); }, {-5, 5, 0.1})
    .corners(relu6, {-1, 0, 3, 6, 7})
    .bad<DTypeError>([] { relu6(core::full({2}, 1, i64)); },
                     "relu6: expected a floating tensor, got [2] i64; convert with to(f32)");
static double hardsigmoid_of(double x) { return std::min(std::max(x + 3, 0.0), 6.0) / 6; }
TAPEHEAD_OP_TEST(hardsigmoid)
    .unary(hardsigmoid, hardsigmoid_of, {-2.9, 2.9})
    .corners(hardsigmoid, {-4, -3, 0, 3, 4})
    .bad<DTypeError>([] { hardsigmoid(core::full({2}, 1, i64)); },
                     "hardsigmoid: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(hardswish)
    .unary(hardswish, [](double x) { return x * hardsigmoid_of(x); }, {-2.9, 2.9})
    .unary(hardswish, [](double x) { return x * hardsigmoid_of(x); }, {-5, 5, 3.1})
    .corners(hardswish, {-4, -3, 0, 3, 4})
    .bad<DTypeError>([] { hardswish(core::full({2}, 1, i64)); },
                     "hardswish: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(hardshrink)
    .unary([](const Tensor& x) { return hardshrink(x); }, [](double) { return 0.0; }, {-0.4, 0.4})
    .unary([](const Tensor& x) { return hardshrink(x, 0.2); }, [](double x) { return x; },
           {-2, 2, 0.3})
    .corners([](const Tensor& x) { return hardshrink(x); }, {-1, -0.5, 0, 0.5, 1})
    .bad<DTypeError>([] { hardshrink(core::full({2}, 1, i64)); },
                     "hardshrink: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(softshrink)
    .unary([](const Tensor& x) { return softshrink(x); }, [](double) { return 0.0; }, {-0.4, 0.4})
    .unary([](const Tensor& x) { return softshrink(x, 0.25); },
           [](double x) { return x > 0 ? x - 0.25 : x + 0.25; }, {-2, 2, 0.3})
    .corners([](const Tensor& x) { return softshrink(x); }, {-1, -0.5, 0, 0.5, 1})
    .bad<ValueError>([] { softshrink(core::full({2}, 1), -1); },
                     "softshrink: lambd is -1; it must not be negative");
TAPEHEAD_OP_TEST(tanhshrink)
    .unary(tanhshrink, [](double x) { return x - std::tanh(x); })
    .bad<DTypeError>([] { tanhshrink(core::full({2}, 1, i64)); },
                     "tanhshrink: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(threshold)
    .unary([](const Tensor& x) { return threshold(x, -3, 7); }, [](double x) { return x; })
    .unary([](const Tensor& x) { return threshold(x, 3, 7); }, [](double) { return 7.0; })
    .corners([](const Tensor& x) { return threshold(x, 0.5, 7); }, {-1, 0.5, 1})
    .bad<DTypeError>([] { threshold(core::full({2}, 1, i64), 0, 1); },
                     "threshold: expected a floating tensor, got [2] i64; convert with to(f32)");

}  // namespace tapehead::op_tests
