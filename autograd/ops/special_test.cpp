#include <doctest/doctest.h>

#include <utility>

#include "tapehead/autograd/engine.h"
#include "tapehead/tests/kernel_reference.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {

// erfc has a row made from its kernel's.
TAPEHEAD_OP_TEST(erfinv).unary(erfinv,
                               [](double x) {
                                 return static_cast<double>(kernels::erfinv_reference(x));
                               },
                               {-0.9, 0.9});
TAPEHEAD_OP_TEST(lgamma)
    .unary(lgamma, std::lgamma, {0.3, 6})
    .unary(lgamma, std::lgamma, {-2.8, -2.2});
static double digamma_of(double x) { return static_cast<double>(kernels::digamma_reference(x)); }
TAPEHEAD_OP_TEST(digamma)
    .unary(digamma, digamma_of, {0.5, 8})
    .unary(digamma, digamma_of, {-1.7, -1.3});
template <int kOrder>
static double polygamma_of(double x) {
  return static_cast<double>(kernels::polygamma_reference(kOrder, x));
}
TAPEHEAD_OP_TEST(polygamma)
    .unary([](const Tensor& x) { return polygamma(0, x); }, digamma_of, {0.5, 8})
    .unary([](const Tensor& x) { return polygamma(1, x); }, polygamma_of<1>, {0.5, 8})
    .unary([](const Tensor& x) { return polygamma(1, x); }, polygamma_of<1>, {-1.7, -1.3})
    .unary([](const Tensor& x) { return polygamma(2, x); }, polygamma_of<2>, {0.5, 8})
    .unary([](const Tensor& x) { return polygamma(3, x); }, polygamma_of<3>, {-3.7, -3.3})
    .bad<ValueError>([] { polygamma(-1, core::full({2}, 1)); },
                     "polygamma: the order is -1; it must not be negative");
TAPEHEAD_OP_TEST(logit)
    .unary([](const Tensor& x) { return logit(x); }, [](double x) { return std::log(x / (1 - x)); },
           {0.1, 0.9})
    .unary([](const Tensor& x) { return logit(x, 0.2); },
           [](double x) { return std::log(x / (1 - x)); }, {0.25, 0.75})
    .corners([](const Tensor& x) { return logit(x, 0.2); }, {-1, 0, 0.1, 0.5, 0.9, 1, 2})
    .bad<ValueError>([] { logit(core::full({2}, 1), 0.6); },
                     "logit: eps is 0.6; it must be at most 0.5, or negative for none");
TAPEHEAD_OP_TEST(xlogy)
    .binary(xlogy, [](double x, double y) { return x * std::log(y); }, {}, {0.3, 3})
    .sample({.operands = {vector_of({0, 0, 0, 2}), vector_of({0, 3, -1, 2})},
             .call = [](const Tensors& x) { return Tensors{xlogy(x[0], x[1])}; },
             .differentiable = false})
    .bad<ShapeError>([] { xlogy(core::full({2}, 1), core::full({3}, 1)); },
                     "xlogy: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 in "
                     "the other; sizes must be equal or 1");
TAPEHEAD_OP_TEST(xlog1py).binary(xlog1py, [](double x, double y) { return x * std::log1p(y); }, {},
                                 {-0.7, 3});
TAPEHEAD_OP_TEST(logaddexp)
    .binary(logaddexp, [](double a, double b) { return std::log(std::exp(a) + std::exp(b)); })
    .bad<ShapeError>([] { logaddexp(core::full({2}, 1), core::full({3}, 1)); },
                     "logaddexp: shapes [2] and [3] do not broadcast: size(-1) is 2 in one and 3 "
                     "in the other; sizes must be equal or 1");
TAPEHEAD_OP_TEST(logaddexp2).binary(logaddexp2, [](double a, double b) {
  return std::log2(std::exp2(a) + std::exp2(b));
});

static double value(const Tensor& x) { return x.item(); }

TEST_CASE("special functions at their limits") {
  for (const DType dtype : {f32, f64}) {
    const auto at = [&](double x) { return core::full({1}, x, dtype); };
    CHECK(value(erfinv(at(1))) == kInf);
    CHECK(value(erfinv(at(-1))) == -kInf);
    CHECK(std::isnan(value(erfinv(at(1.5)))));
    CHECK(value(lgamma(at(-3))) == kInf);
    CHECK(value(lgamma(at(-kInf))) == kInf);
    CHECK(value(digamma(at(0))) == -kInf);
    CHECK(value(digamma(at(-0.0))) == kInf);
    CHECK(std::isnan(value(digamma(at(-2)))));
    CHECK(value(digamma(at(kInf))) == kInf);
    CHECK(value(polygamma(1, at(-2))) == kInf);
    CHECK(value(polygamma(2, at(0))) == -kInf);
    CHECK(value(polygamma(2, at(kInf))) == 0);
    CHECK(std::isnan(value(polygamma(3, at(NAN)))));
    CHECK(value(logit(at(1))) == kInf);
    CHECK(std::isnan(value(logit(at(-0.1)))));
    CHECK(value(logit(at(2), 0.5)) == 0);
    CHECK(value(logaddexp(at(kInf), at(kInf))) == kInf);
    CHECK(value(logaddexp(at(-kInf), at(-kInf))) == -kInf);
    CHECK(value(logaddexp(at(-kInf), at(2))) == 2);
    CHECK(value(logaddexp2(at(1000), at(1000))) == 1001);
    CHECK(std::isnan(value(logaddexp(at(NAN), at(1)))));
    CHECK(std::isnan(value(logaddexp(at(1), at(NAN)))));
    CHECK(std::isnan(value(xlogy(at(0), at(NAN)))));
    CHECK(value(atan2(at(-0.0), at(-1))) == doctest::Approx(-M_PI));
    CHECK(value(atan2(at(kInf), at(-kInf))) == doctest::Approx(0.75 * M_PI));
    CHECK(value(atan2(at(0), at(0))) == 0);
    CHECK(std::isnan(value(atan2(at(NAN), at(1)))));
    CHECK(std::isnan(value(atan2(at(1), at(NAN)))));
    CHECK(value(hypot(at(kInf), at(NAN))) == kInf);
    CHECK(value(hypot(at(3e30), at(4e30))) == doctest::Approx(5e30));
  }
}

TEST_CASE("nan_to_num replaces infinities by the ends of the dtype") {
  for (const auto& [dtype, largest] :
       {std::pair(f32, 0x1.fffffep127), {f64, 0x1.fffffffffffffp1023}, {bf16, 0x1.fep127}}) {
    CHECK(value(nan_to_num(core::full({1}, kInf, dtype))) == largest);
    CHECK(value(nan_to_num(core::full({1}, -kInf, dtype))) == -largest);
    CHECK(value(nan_to_num(core::full({1}, NAN, dtype))) == 0);
  }
  CHECK(value(nan_to_num(core::full({1}, 3, i64))) == 3);
}

// Formulas that divide by x, or that subtract infinities, must have other ones there.
TEST_CASE("gradients of special functions at their limits") {
  const auto gradient = [](Tensor (*f)(const Tensor&), double at, bool record) {
    const Tensor x = core::full({1}, at, f64).set_requires_grad();
    return grad({f(x)}, {x}, {.create_graph = record})[0];
  };
  for (const bool record : {false, true}) {
    CAPTURE(record);
    CHECK(value(gradient(sinc, 0, record)) == 0);
    CHECK(value(gradient(sinc, 1, record)) == doctest::Approx(-1));
    const auto twice = [](const Tensor& x) { return logaddexp(x, x); };
    CHECK(value(gradient(twice, kInf, record)) == 1);
    const auto first = [](const Tensor& x) { return xlogy(x, 0); };
    CHECK(value(gradient(first, 0, record)) == 0);
    const auto length = [](const Tensor& x) { return hypot(x, 0); };
    CHECK(value(gradient(length, 0, record)) == 0);
  }
  const Tensor x = core::full({1}, 0, f64).set_requires_grad();
  const Tensor dx = grad({sinc(x)}, {x}, {.create_graph = true})[0];
  CHECK(value(grad({dx}, {x})[0]) == doctest::Approx(-M_PI * M_PI / 3));
}

}  // namespace tapehead::op_tests
