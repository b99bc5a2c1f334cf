#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

static Sample ties(Tensor (*f)(const Tensor&, const Tensor&)) {
  return {.operands = {vector_of({1, 2, 2, -1}), vector_of({2, 1, 2, -1})},
          .call = [f](const Tensors& x) { return Tensors{f(x[0], x[1])}; },
          .has_derivative = false};
}

TAPEHEAD_OP_TEST(maximum)
    .binary(maximum, [](double a, double b) { return std::max(a, b); })
    .sample(ties(maximum))
    .bad<ShapeError>(
        [] { maximum(core::full({2}, 1), core::full({3}, 1)); },
        "maximum: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1");
TAPEHEAD_OP_TEST(minimum)
    .binary(minimum, [](double a, double b) { return std::min(a, b); })
    .sample(ties(minimum))
    .bad<ShapeError>(
        [] { minimum(core::full({2}, 1), core::full({3}, 1)); },
        "minimum: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1");

// The operands stay away from the bounds, where the derivative jumps.
static Sample bounded(const Operand& x, const Operand& low, const Operand& high) {
  return {.operands = {x, low, high},
          .call = [](const Tensors& t) { return Tensors{clamp(t[0], t[1], t[2])}; },
          .reference =
              [](Arrays& a) {
                return Arrays{
                    map(a, [](const double* v) { return std::min(std::max(v[0], v[1]), v[2]); })};
              },
          .may_alias = false};  // equal bounds get no gradient, as in PyTorch
}
static double into_unit(double x) { return std::min(std::max(x, -1.0), 1.0); }
TAPEHEAD_OP_TEST(clamp)
    .unary([](const Tensor& x) { return clamp(x, -1.0, 1.0); }, into_unit, {-0.9, 0.9})
    .unary([](const Tensor& x) { return clamp(x, -1.0, 1.0); }, into_unit, {-3, 3, 1.1})
    .unary([](const Tensor& x) { return clamp(x, 1.0, -1.0); }, [](double) { return -1.0; })
    .unary([](const Tensor& x) { return clamp(x, 0); }, [](double x) { return std::max(x, 0.0); },
           {.away_from_zero = 0.1})
    .unary([](const Tensor& x) { return clamp(x, {}, 0.0); },
           [](double x) { return std::min(x, 0.0); }, {.away_from_zero = 0.1})
    .sample(bounded({{2, 3}, -1, 1}, {{2, 3}, -2, -1.1}, {{2, 3}, 1.1, 2}))
    .sample(bounded({{2, 3}, 2.1, 3}, {Shape{3}, -2, -1.1}, {Shape{}, 1.1, 2}))
    .sample(bounded({Shape{3}, -3, -2.1}, {{2, 1}, -2, -1.1}, {Shape{}, 1.1, 2}))
    .sample(bounded({Shape{4}, -3, -2.1}, {Shape{}, -2, -1.1}, {{2, 4}, 1.1, 2}))
    // Below, between and above; the upper bound wins if the bounds cross.
    .sample(bounded(vector_of({-3, 0.5, 3, -3, 0.5, 3}), vector_of({-1, -1, -1, 2, 2, 2}),
                    vector_of({2, 2, 2, -1, -1, -1})))
    .sample({.operands = {vector_of({-3, 0.5}), vector_of({-1, -1})},
             .call = [](const Tensors& x) { return Tensors{clamp(x[0], x[1])}; }})
    .sample({.operands = {vector_of({3, 0.5}), vector_of({1, 1})},
             .call = [](const Tensors& x) { return Tensors{clamp(x[0], {}, x[1])}; }})
    .corners([](const Tensor& x) { return clamp(x, -1, 1); }, {-2, -1, 0.5, 1, 2})
    .bad<ValueError>([] { clamp(core::full({2}, 1), {}); },
                     "clamp: neither a low nor a high bound is given; pass one")
    .bad<DTypeError>([] { clamp(core::full({2}, 1, boolean), false, true); },
                     "clamp: expected numeric tensors, got bool; convert with to(f32)")
    .bad<ShapeError>(
        [] { clamp(core::full({2}, 1), core::full({3}, 1)); },
        "clamp: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1");
TEST_CASE("clamp: NaN if a bound is") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  const Tensor x = core::full({3}, 0.5);
  for (const auto& [low, high] : {std::pair(kNan, 1.0), {0.0, kNan}, {kNan, kNan}})
    for (const DType dtype : {f32, f64, bf16, f16})
      CHECK(all(isnan(clamp(x.to(dtype), low, high))).item() == 1);
}
TAPEHEAD_OP_TEST(clamp_min).unary([](const Tensor& x) { return clamp_min(x, 0); },
                                  [](double x) { return std::max(x, 0.0); },
                                  {.away_from_zero = 0.1});
TAPEHEAD_OP_TEST(clamp_max).unary([](const Tensor& x) { return clamp_max(x, 0.0); },
                                  [](double x) { return std::min(x, 0.0); },
                                  {.away_from_zero = 0.1});

static double finite(double x) { return std::isnan(x) ? 7 : x > 1e300 ? 5 : x < -1e300 ? -6 : x; }
TAPEHEAD_OP_TEST(nan_to_num)
    .unary([](const Tensor& x) { return nan_to_num(x); }, [](double x) { return x; })
    .sample({.operands = {vector_of({NAN, HUGE_VAL, -HUGE_VAL, 2, -3})},
             .call =
                 [](const Tensors& x) {
                   return Tensors{nan_to_num(x[0], {.nan = 7, .posinf = 5, .neginf = -6})};
                 },
             .reference =
                 [](Arrays& x) {
                   return Arrays{map(x, [](const double* v) { return finite(*v); })};
                 },
             .has_derivative = false});

}  // namespace tapehead::op_tests
