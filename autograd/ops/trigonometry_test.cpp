#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

// atan, sinh, cosh, asinh and sinc have rows made from their kernels'.
TAPEHEAD_OP_TEST(asin).unary(asin, std::asin, {-0.9, 0.9});
TAPEHEAD_OP_TEST(acos).unary(acos, std::acos, {-0.9, 0.9});
TAPEHEAD_OP_TEST(acosh).unary(acosh, std::acosh, {1.2, 4});
TAPEHEAD_OP_TEST(atanh).unary(atanh, std::atanh, {-0.9, 0.9});
// Away from the negative axis, where the angle jumps.
TAPEHEAD_OP_TEST(atan2)
    .binary(atan2, std::atan2, {.away_from_zero = 0.3}, {.away_from_zero = 0.3})
    .bad<ShapeError>([] { atan2(core::full({2}, 1), core::full({3}, 1)); },
                     "atan2: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in "
                     "the other; sizes must be equal or 1");
TAPEHEAD_OP_TEST(hypot)
    .binary(hypot, std::hypot, {.away_from_zero = 0.3}, {.away_from_zero = 0.3})
    .bad<ShapeError>([] { hypot(core::full({2}, 1), core::full({3}, 1)); },
                     "hypot: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in "
                     "the other; sizes must be equal or 1");
TAPEHEAD_OP_TEST(deg2rad).unary(deg2rad, [](double x) { return x / 180 * M_PI; });
TAPEHEAD_OP_TEST(rad2deg).unary(rad2deg, [](double x) { return x / M_PI * 180; });

}  // namespace tapehead::op_tests
