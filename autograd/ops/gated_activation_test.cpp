#include <doctest/doctest.h>

#include "tapehead/tests/op_reduce.h"

namespace tapehead::op_tests {

static Sample rectified(const Shape& x, const Shape& weight) {
  return {
      .operands = {Operand(x, -2, 2), Operand(weight, 0.1, 0.9)},
      .call = [](const Tensors& t) { return Tensors{prelu(t[0], t[1])}; },
      .reference =
          [](Arrays& a) {
            if (a[0].shape.rank() == 3) a[1].shape = {a[1].numel(), 1};
            return Arrays{map(a, [](const double* v) { return v[0] > 0 ? v[0] : v[1] * v[0]; })};
          },
      .away_from_zero = 0.1,
      .may_alias = false};
}
TAPEHEAD_OP_TEST(prelu)
    .samples({rectified({2, 3}, {3}), rectified({2, 3, 5}, {3}), rectified({2, 3, 5}, {1}),
              rectified({4}, {1}), rectified({4}, {}), rectified({}, {}), rectified({0, 3}, {3})})
    .sample({.operands = {vector_of({-1, 0, 2}), vector_of({0.25})},
             .call = [](const Tensors& x) { return Tensors{prelu(x[0], x[1])}; },
             .has_derivative = false})
    .bad<ShapeError>(
        [] {
          prelu(core::full({2, 3}, 1), core::full({2}, 1));
        },
        "prelu: the weight is [2]; for x [2, 3] it must be [], [1] or [3], one for "
        "each position of axis 1")
    .bad<DTypeError>([] { prelu(core::full({2}, 1, i64), core::full({1}, 1)); },
                     "prelu: expected a floating tensor, got [2] i64; convert with to(f32)");

// Each call draws the same slopes.
static Tensor leaky_at_random(const Tensor& x) {
  Generator generator{5};
  return rrelu(x, 0.25, 0.75, true, generator);
}
TAPEHEAD_OP_TEST(rrelu)
    .unary([](const Tensor& x) { return rrelu(x, 0.25, 0.75); },
           [](double x) { return x > 0 ? x : 0.5 * x; }, {.away_from_zero = 0.1})
    .sample({.operands = {Operand({3, 5}, -2, 2)},
             .call = [](const Tensors& x) { return Tensors{leaky_at_random(x[0])}; },
             .away_from_zero = 0.1})
    .bad<ValueError>([] { rrelu(core::full({2}, 1), 0.5, 0.25); },
                     "rrelu: lower is 0.5 and upper 0.25; lower must not be above")
    .bad<DTypeError>([] { rrelu(core::full({2}, 1, i64)); },
                     "rrelu: expected a floating tensor, got [2] i64; convert with to(f32)");

TEST_CASE("rrelu draws a slope for each negative element") {
  const Tensor x = core::full({100}, -1), y = leaky_at_random(x);
  CHECK(min(y).item() >= -0.75);
  CHECK(max(y).item() <= -0.25);
  CHECK(max(y).item() - min(y).item() > 0.3);
  CHECK(mean(y).item() == doctest::Approx(-0.5).epsilon(0.1));
  CHECK(equal(leaky_at_random(-x), -x));
  Generator generator{5};
  CHECK(equal(rrelu(x, 0.25, 0.75, true, generator), y));
  CHECK_FALSE(equal(rrelu(x, 0.25, 0.75, true, generator), y));
}

static Sample gated(const Shape& shape, int axis) {
  return {.operands = {shape},
          .call = [axis](const Tensors& x) { return Tensors{glu(x[0], axis)}; },
          .reference =
              [axis](Arrays& x) {
                const int at = axis < 0 ? axis + x[0].shape.rank() : axis;
                Shape half = x[0].shape;
                half[at] /= 2;
                Array out(half);
                std::vector<Values> lines;
                each_line(x[0], at,
                          [&](const Values& v, const std::vector<size_t>&) { lines.push_back(v); });
                size_t line = 0;
                each_line(out, at, [&](const Values& v, const std::vector<size_t>& to) {
                  const Values& in = lines[line++];
                  for (size_t i = 0; i < v.size(); ++i)
                    out.values[to[i]] = in[i] / (1 + std::exp(-in[i + v.size()]));
                });
                return Arrays{out};
              }};
}
TAPEHEAD_OP_TEST(glu)
    .samples({gated({6}, -1), gated({3, 4}, 1), gated({4, 3}, 0), gated({2, 6, 3}, 1),
              gated({0, 4}, 1), gated({2, 40}, -1)})
    .bad<ShapeError>(
        [] {
          glu(core::full({2, 3}, 1));
        },
        "glu: x is [2, 3]; size(-1) is 3, but it must be even, for two halves")
    .bad<DTypeError>([] { glu(core::full({2}, 1, i64)); },
                     "glu: expected a floating tensor, got [2] i64; convert with to(f32)");

}  // namespace tapehead::op_tests
