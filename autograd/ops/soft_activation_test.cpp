#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

TAPEHEAD_OP_TEST(log_sigmoid)
    .unary(log_sigmoid, [](double x) { return std::log(logistic(x)); }, {-9, 9})
    .bad<DTypeError>([] { log_sigmoid(core::full({2}, 1, i64)); },
                     "log_sigmoid: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(softplus)
    .unary([](const Tensor& x) { return softplus(x); },
           [](double x) { return std::log1p(std::exp(x)); }, {-9, 9})
    .unary([](const Tensor& x) { return softplus(x, 2); },
           [](double x) { return std::log1p(std::exp(2 * x)) / 2; })
    .bad<ValueError>([] { softplus(core::full({2}, 1), 0); },
                     "softplus: beta is 0; it must be above 0")
    .bad<DTypeError>([] { softplus(core::full({2}, 1, i64)); },
                     "softplus: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(silu)
    .unary(silu, [](double x) { return x * logistic(x); }, {-4, 4})
    .bad<DTypeError>([] { silu(core::full({2}, 1, i64)); },
                     "silu: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(mish)
    .unary(mish, [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }, {-6, 25})
    .bad<DTypeError>([] { mish(core::full({2}, 1, i64)); },
                     "mish: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(gelu)
    .unary(gelu, [](double x) { return x * std::erfc(-x / std::sqrt(2.0)) / 2; }, {-4, 4})
    .bad<DTypeError>([] { gelu(core::full({2}, 1, i64)); },
                     "gelu: expected a floating tensor, got [2] i64; convert with to(f32)");
TAPEHEAD_OP_TEST(gelu_tanh)
    .unary(gelu_tanh,
           [](double x) {
             return x / 2 * (1 + std::tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)));
           },
           {-4, 4})
    .bad<DTypeError>([] { gelu_tanh(core::full({2}, 1, i64)); },
                     "gelu_tanh: expected a floating tensor, got [2] i64; convert with to(f32)");

}  // namespace tapehead::op_tests
