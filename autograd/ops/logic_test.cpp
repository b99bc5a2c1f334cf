#include <cmath>

#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

// Integers, so that some elements are equal.
static Sample of_integers(Tensor (*f)(const Tensor&, const Tensor&),
                          double (*reference)(double, double), const Shape& a, const Shape& b) {
  return {.operands = {indices(a, 4), indices(b, 4)},
          .call = [f](const Tensors& x) { return Tensors{f(x[0], x[1])}; },
          .reference =
              [reference](Arrays& x) {
                return Arrays{map(x, [=](const double* v) { return reference(v[0], v[1]); })};
              },
          .differentiable = false};
}
static std::vector<Sample> of_integers(Tensor (*f)(const Tensor&, const Tensor&),
                                       double (*reference)(double, double)) {
  return {of_integers(f, reference, {4, 17}, {4, 17}), of_integers(f, reference, {3, 1}, {1, 5}),
          of_integers(f, reference, {7}, {}), of_integers(f, reference, {0}, {1})};
}
static int64_t whole(double x) { return static_cast<int64_t>(x); }

static double eq_of(double a, double b) { return a == b; }
TAPEHEAD_OP_TEST(eq)
    .binary(eq, eq_of, {}, {}, false)
    .samples(of_integers(eq, eq_of))
    .bad<ShapeError>([] { eq(core::full({2}, 1, i64), core::full({3}, 1, i64)); },
                     "eq: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
                     "other; sizes must be equal or 1");
static double ne_of(double a, double b) { return a != b; }
TAPEHEAD_OP_TEST(ne)
    .binary(ne, ne_of, {}, {}, false)
    .samples(of_integers(ne, ne_of))
    .bad<ShapeError>([] { ne(core::full({2}, 1, i64), core::full({3}, 1, i64)); },
                     "ne: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
                     "other; sizes must be equal or 1");
static double lt_of(double a, double b) { return a < b; }
TAPEHEAD_OP_TEST(lt)
    .binary(lt, lt_of, {}, {}, false)
    .samples(of_integers(lt, lt_of))
    .bad<ShapeError>([] { lt(core::full({2}, 1, i64), core::full({3}, 1, i64)); },
                     "lt: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
                     "other; sizes must be equal or 1");
static double le_of(double a, double b) { return a <= b; }
TAPEHEAD_OP_TEST(le)
    .binary(le, le_of, {}, {}, false)
    .samples(of_integers(le, le_of))
    .bad<ShapeError>([] { le(core::full({2}, 1, i64), core::full({3}, 1, i64)); },
                     "le: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
                     "other; sizes must be equal or 1");
static double gt_of(double a, double b) { return a > b; }
TAPEHEAD_OP_TEST(gt)
    .binary(gt, gt_of, {}, {}, false)
    .samples(of_integers(gt, gt_of))
    .bad<ShapeError>([] { gt(core::full({2}, 1, i64), core::full({3}, 1, i64)); },
                     "gt: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
                     "other; sizes must be equal or 1");
static double ge_of(double a, double b) { return a >= b; }
TAPEHEAD_OP_TEST(ge)
    .binary(ge, ge_of, {}, {}, false)
    .samples(of_integers(ge, ge_of))
    .bad<ShapeError>([] { ge(core::full({2}, 1, i64), core::full({3}, 1, i64)); },
                     "ge: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
                     "other; sizes must be equal or 1");
static double logical_and_of(double a, double b) { return a != 0 && b != 0; }
TAPEHEAD_OP_TEST(logical_and)
    .binary(logical_and, logical_and_of, {}, {}, false)
    .samples(of_integers(logical_and, logical_and_of))
    .bad<ShapeError>(
        [] { logical_and(core::full({2}, 1, i64), core::full({3}, 1, i64)); },
        "logical_and: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1");
static double logical_or_of(double a, double b) { return a != 0 || b != 0; }
TAPEHEAD_OP_TEST(logical_or)
    .binary(logical_or, logical_or_of, {}, {}, false)
    .samples(of_integers(logical_or, logical_or_of))
    .bad<ShapeError>(
        [] { logical_or(core::full({2}, 1, i64), core::full({3}, 1, i64)); },
        "logical_or: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1");
static double logical_xor_of(double a, double b) { return (a != 0) != (b != 0); }
TAPEHEAD_OP_TEST(logical_xor)
    .binary(logical_xor, logical_xor_of, {}, {}, false)
    .samples(of_integers(logical_xor, logical_xor_of))
    .bad<ShapeError>(
        [] { logical_xor(core::full({2}, 1, i64), core::full({3}, 1, i64)); },
        "logical_xor: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1");
TAPEHEAD_OP_TEST(bitwise_and)
    .samples(of_integers(bitwise_and,
                         [](double a, double b) {
                           return static_cast<double>(whole(a) & whole(b));
                         }))
    .bad<ShapeError>(
        [] { bitwise_and(core::full({2}, 1, i64), core::full({3}, 1, i64)); },
        "bitwise_and: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1")
    .bad<DTypeError>([] { core::full({2}, 1) & true; },
                     "bitwise_and: expected integer tensors, got f32; convert with to(i64)");
TAPEHEAD_OP_TEST(bitwise_or)
    .samples(of_integers(bitwise_or,
                         [](double a, double b) {
                           return static_cast<double>(whole(a) | whole(b));
                         }))
    .bad<ShapeError>(
        [] { bitwise_or(core::full({2}, 1, i64), core::full({3}, 1, i64)); },
        "bitwise_or: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1")
    .bad<DTypeError>([] { core::full({2}, 1) | true; },
                     "bitwise_or: expected integer tensors, got f32; convert with to(i64)");
TAPEHEAD_OP_TEST(bitwise_xor)
    .samples(of_integers(bitwise_xor,
                         [](double a, double b) {
                           return static_cast<double>(whole(a) ^ whole(b));
                         }))
    .bad<ShapeError>(
        [] { bitwise_xor(core::full({2}, 1, i64), core::full({3}, 1, i64)); },
        "bitwise_xor: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in the "
        "other; sizes must be equal or 1")
    .bad<DTypeError>([] { core::full({2}, 1) ^ true; },
                     "bitwise_xor: expected integer tensors, got f32; convert with to(i64)");
TAPEHEAD_OP_TEST(bitwise_not)
    .sample({.operands = {indices({2, 3}, 9)},
             .call = [](const Tensors& x) { return Tensors{bitwise_not(x[0])}; },
             .reference =
                 [](Arrays& x) {
                   return Arrays{
                       map(x, [](const double* v) { return static_cast<double>(~whole(*v)); })};
                 },
             .differentiable = false})
    .bad<DTypeError>([] { ~core::full({2}, 1); },
                     "bitwise_not: expected an integer tensor, got [2] f32; convert with to(i64)");
TAPEHEAD_OP_TEST(logical_not)
    .unary(
        logical_not, [](double x) -> double { return x == 0; }, {}, false);
TAPEHEAD_OP_TEST(isnan).unary(
    isnan, [](double x) -> double { return std::isnan(x); }, {}, false);
TAPEHEAD_OP_TEST(isinf).unary(
    isinf, [](double x) -> double { return std::isinf(x); }, {}, false);
TAPEHEAD_OP_TEST(isfinite).unary(
    isfinite, [](double x) -> double { return std::isfinite(x); }, {}, false);
TAPEHEAD_OP_TEST(isposinf).sample({.operands = {vector_of({1, HUGE_VAL, -HUGE_VAL, NAN})},
                                   .call = [](const Tensors& x) { return Tensors{isposinf(x[0])}; },
                                   .reference =
                                       [](Arrays& x) {
                                         return Arrays{map(x, [](const double* v) -> double {
                                           return *v == HUGE_VAL;
                                         })};
                                       },
                                   .differentiable = false});
TAPEHEAD_OP_TEST(isneginf).sample({.operands = {vector_of({1, HUGE_VAL, -HUGE_VAL, NAN})},
                                   .call = [](const Tensors& x) { return Tensors{isneginf(x[0])}; },
                                   .reference =
                                       [](Arrays& x) {
                                         return Arrays{map(x, [](const double* v) -> double {
                                           return *v == -HUGE_VAL;
                                         })};
                                       },
                                   .differentiable = false});
TAPEHEAD_OP_TEST(signbit)
    .unary(
        signbit, [](double x) -> double { return std::signbit(x); }, {}, false)
    .sample({.operands = {vector_of({0.0, -0.0, -HUGE_VAL, 3})},
             .call = [](const Tensors& x) { return Tensors{signbit(x[0])}; },
             .reference =
                 [](Arrays& x) {
                   return Arrays{
                       map(x, [](const double* v) -> double { return std::signbit(*v); })};
                 },
             .differentiable = false});

// Which elements of a and b are close, with tolerances that binary fractions can hold.
static Sample near(bool equal_nan, std::vector<double> a, std::vector<double> b,
                   const std::vector<double>& close) {
  return {.operands = {vector_of(std::move(a)), vector_of(std::move(b))},
          .call =
              [equal_nan](const Tensors& x) {
                return Tensors{isclose(x[0], x[1], 0.125, 0.25, equal_nan)};
              },
          .reference =
              [close](Arrays& x) {
                Array out(x[0].shape);
                out.values = close;
                return Arrays{out};
              },
          .differentiable = false,
          .may_alias = false,
          .may_repeat = false};
}
TAPEHEAD_OP_TEST(isclose)
    .samples({near(false, {4, 4.75, 5, -2, kInf, kInf, 1, NAN},
                   {4, 4, 4, -2.5, kInf, -kInf, kInf, NAN}, {1, 1, 0, 1, 1, 0, 0, 0}),
              near(true, {NAN, NAN, 1}, {NAN, 1, NAN}, {1, 0, 0})})
    .bad<ValueError>([] { isclose(core::full({2}, 1), core::full({2}, 1), -1); },
                     "isclose: rtol is -1 and atol 1e-08; they must not be negative")
    .bad<ShapeError>([] { isclose(core::full({2}, 1, i64), core::full({3}, 1, i64)); },
                     "isclose: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in "
                     "the other; sizes must be equal or 1");

// Predicates of whole tensors, as 0-d tensors.
template <bool (*kPredicate)(const Tensor&, const Tensor&)>
static Sample verdict(const Operand& a, const Operand& b, bool result) {
  return {.operands = {a, b},
          .call =
              [](const Tensors& x) {
                return Tensors{core::full(Shape(), kPredicate(x[0], x[1]), boolean)};
              },
          .reference = [result](Arrays&) { return Arrays{Array(Shape(), result)}; },
          .differentiable = false,
          .may_alias = false,
          .may_repeat = false};
}
static bool all_close(const Tensor& a, const Tensor& b) { return allclose(a, b, 0.125); }
TAPEHEAD_OP_TEST(allclose).samples(
    {verdict<all_close>(vector_of({1, 2}), vector_of({1.125, 2}), true),
     verdict<all_close>(vector_of({1, 2}), vector_of({1, 4}), false)});
TAPEHEAD_OP_TEST(equal).samples({verdict<equal>(vector_of({1, 2}), vector_of({1, 2}), true),
                                 verdict<equal>(vector_of({1, 2}), vector_of({1, 3}), false),
                                 verdict<equal>(vector_of({1, NAN}), vector_of({1, NAN}), false),
                                 verdict<equal>(vector_of({1, 1}), vector_of({1}), false)});

static std::vector<Sample> shifts(Tensor (*f)(const Tensor&, const Tensor&),
                                  double (*reference)(double, double)) {
  std::vector<Sample> out = of_integers(f, reference);
  out.push_back({.operands = {given(indices({5}, 1), {1, -8, 5, -5, 1}),
                              given(indices({5}, 1), {62, 1, 64, -1, 63})},
                 .call = [f](const Tensors& x) { return Tensors{f(x[0], x[1])}; },
                 .reference =
                     [reference](Arrays& x) {
                       return Arrays{
                           map(x, [=](const double* v) { return reference(v[0], v[1]); })};
                     },
                 .differentiable = false,
                 .may_alias = false,
                 .may_repeat = false});
  return out;
}
TAPEHEAD_OP_TEST(bitwise_left_shift)
    .samples(shifts(bitwise_left_shift,
                    [](double a, double b) {
                      if (b == 63) return -0x1p63;  // the sign
                      return b < 0 || b > 63 ? 0 : std::ldexp(a, static_cast<int>(b));
                    }))
    .bad<DTypeError>([] { bitwise_left_shift(core::full({2}, 1), 1); },
                     "bitwise_left_shift: expected integer tensors, got f32; convert with to(i64)");
TAPEHEAD_OP_TEST(bitwise_right_shift)
    .samples(shifts(bitwise_right_shift,
                    [](double a, double b) {
                      if (b < 0 || b > 63) return a < 0 ? -1.0 : 0.0;
                      return std::floor(std::ldexp(a, -static_cast<int>(b)));
                    }))
    .bad<DTypeError>(
        [] { bitwise_right_shift(core::full({2}, 1), 1); },
        "bitwise_right_shift: expected integer tensors, got f32; convert with to(i64)");

static Sample choice(const Operand& condition, const Shape& a, const Shape& b) {
  return {.operands = {condition, a, b},
          .call = [](const Tensors& x) { return Tensors{where(x[0], x[1], x[2])}; },
          .reference =
              [](Arrays& x) {
                return Arrays{map(x, [](const double* v) { return v[0] != 0 ? v[1] : v[2]; })};
              }};
}
TAPEHEAD_OP_TEST(where)
    .samples({choice(mask({2, 17}), {2, 17}, {2, 17}), choice(mask({3}), {2, 3}, {2, 1}),
              choice(mask({2, 1}), {}, {3}), choice(mask({2, 3}), {}, {}),
              choice(mask({}), {2, 3}, {}), choice(mask({0}), {0}, {1}), choice(mask({}), {}, {}),
              choice(given(mask({2, 2}), {1, 1, 0, 0}), {2, 2}, {2}),
              choice(given(mask({2}), {1, 1}), {2}, {2}),
              choice(given(mask({2}), {0, 0}), {2}, {2})})
    .bad<DTypeError>([] { where(core::full({2}, 1), 1, 0); },
                     "where: the condition is [2] f32; it must be bool, such as x > 0")
    .bad<ShapeError>(
        [] { where(core::full({2}, 1, boolean), core::full({3}, 1), 0); },
        "where: shapes [3] and [2] do not broadcast: size(-1) is 3 in one and 2 in the "
        "other; sizes must be equal or 1");

}  // namespace tapehead::op_tests
