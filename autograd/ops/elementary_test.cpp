#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

TAPEHEAD_OP_TEST(log).unary(log, std::log, {0.1, 4});
TAPEHEAD_OP_TEST(log2).unary(log2, std::log2, {0.1, 4});
TAPEHEAD_OP_TEST(log10).unary(log10, std::log10, {0.1, 4});
TAPEHEAD_OP_TEST(log1p).unary(log1p, std::log1p, {-0.8, 4});
TAPEHEAD_OP_TEST(abs)
    .unary(abs, std::abs, {.away_from_zero = 0.1})
    .corners(abs, {-1, 0, 2})
    .bad<DTypeError>([] { abs(core::full({2}, 1, boolean)); },
                     "abs: expected a numeric tensor, got [2] bool; convert with to(f32)");

}  // namespace tapehead::op_tests
