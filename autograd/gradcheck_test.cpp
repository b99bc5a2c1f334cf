#include "tapehead/autograd/gradcheck.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead::gradcheck_test {

namespace {

Tensor numbers(const Shape& shape, DType dtype = f64) {
  Tensor t = core::empty(shape, f64);
  for (int64_t i = 0; i < t.numel(); ++i) t.data<double>()[i] = 0.1 + 0.3 * static_cast<double>(i);
  return t.to(dtype);
}

// y = x^2 with a backward that omits the factor 2 for the second element.
struct BadSquare : CustomOp {
  Tensor forward(const Tensor& x) { return save(x) * x; }
  Tensor backward(const Tensor& dy) const {
    Tensor factor = core::full(dy.shape(), 2, f64);
    factor.data<double>()[1] = 1;
    return dy * saved(0) * factor;
  }
};
Tensor bad_square(const Tensor& x) { return apply<BadSquare>(x); }

// A correct gradient that is not differentiable itself.
struct Once : CustomOp {
  Tensor forward(const Tensor& x) { return save(x) * x; }
  Tensor backward(const Tensor& dy) const { return dy * (2 * saved(0)).detach(); }
};
Tensor once(const Tensor& x) { return apply<Once>(x); }

// A correct gradient, but 3 x instead of 2 x when recorded, with a consistent derivative.
struct OtherWhenRecorded : CustomOp {
  Tensor forward(const Tensor& x) { return save(x) * x; }
  Tensor backward(const Tensor& dy) const { return dy * (is_grad_enabled() ? 3 : 2) * saved(0); }
};
Tensor other_when_recorded(const Tensor& x) { return apply<OtherWhenRecorded>(x); }

struct GivesNothing : CustomOp {
  Tensor forward(const Tensor& x) { return x * 2; }
  Tensor backward(const Tensor&) const { return {}; }
};

Tensor cube(const Tensor& x) { return x * x * x; }

std::string error_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const GradcheckError& e) {
    return e.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("gradcheck takes functions, overloads, lambdas and functions of a vector") {
  const Tensor x = numbers({2, 2}), y = numbers({2, 2}) + 1;
  gradcheck(cube, {x});
  gradcheck(tanh, {x});
  gradcheck(mul, {x, y});
  gradgradcheck(mul, {x, y});
  gradcheck([](const Tensor& a, const Tensor& b, const Tensor& c) { return a * b + c; }, {x, y, x});
  gradcheck([](const std::vector<Tensor>& in) { return in[0] * in[1]; }, {x, y});
  gradgradcheck(
      [](const std::vector<Tensor>& in) {
        return std::vector<Tensor>{exp(in[0]), in[1] * in[0]};
      },
      {x, y});
  gradcheck([](const Tensor& a) { return std::array<Tensor, 2>{cube(a), exp(a)}; }, {x});
  gradgradcheck(cube, {x});
}

TEST_CASE("gradcheck leaves a tracked input as it was, so that a function may capture it") {
  Tensor weight = numbers({3}).set_requires_grad();
  const std::vector<double> before = weight.to_vector<double>();
  gradcheck([&](const Tensor& x) { return cube(weight) * x; }, {numbers({3})});
  gradcheck([&](const Tensor& x, const Tensor&) { return cube(weight) * x; },
            {numbers({3}), weight});
  CHECK(weight.to_vector<double>() == before);
  CHECK_FALSE(weight.grad().defined());
}

TEST_CASE("gradcheck varies strided leaves element by element") {
  const Tensor x = numbers({2, 3});
  const Tensor turned = core::view_of(x, {3, 2}, {1, 3}, 0).set_requires_grad();
  gradcheck(cube, {turned});
}

TEST_CASE("gradcheck passes integers through and skips integer results") {
  const Tensor count = core::full({2}, 3, i64);
  gradcheck(
      [](const Tensor& x, const Tensor& n) {
        return std::vector<Tensor>{n, x * n};
      },
      {numbers({2}), count});
}

TEST_CASE("gradcheck in random directions for large inputs") {
  const GradcheckOptions three{.directions = 3};
  gradcheck(cube, {numbers({40, 50}) * 0.001}, three);
  gradgradcheck(cube, {numbers({40, 50}) * 0.001}, three);
  CHECK(error_of([&] {
          gradcheck(bad_square, {numbers({5})}, three);
        }).starts_with("gradcheck: the derivative of the results along random direction "));
  CHECK(error_of([&] { gradcheck(cube, {core::full({10000}, 1, f64)}); }) ==
        "gradcheck: 10000 results of 10000 variables have 1e+08 derivatives; pass directions to "
        "check some at "
        "random");
}

TEST_CASE("gradcheck: inputs and results of size 0 have no derivative") {
  for (const int directions : {0, 2})
    for (const Shape& shape : {Shape{0, 4}, Shape{2, 0}}) {
      const auto product = [](const std::vector<Tensor>& in) {
        return std::vector{matmul(in[0], in[1]), matmul(in[0], in[1]).sum()};
      };
      const std::vector<Tensor> empty{core::full(shape, 1, f64), core::full({shape[1], 3}, 1, f64)};
      gradcheck(product, empty, {.directions = directions});
      gradgradcheck(product, empty, {.directions = directions});
    }
}

TEST_CASE("gradcheck names the worst derivative") {
  CHECK(error_of([] { gradcheck(bad_square, {numbers({3})}); }) ==
        "gradcheck: the derivative of result 0 ([3] f64) at [1] with respect to input 0 ([3] f64) "
        "at [1] is "
        "0.4 by backward but 0.8 by differences (the worst of 1 that differ, of 9); correct the "
        "backward");
}

TEST_CASE("gradgradcheck sees a second derivative that is lost") {
  gradcheck(once, {numbers({2})});
  CHECK(error_of([] { gradgradcheck(once, {numbers({2})}); }) ==
        "gradgradcheck: no gradient reaches input 0 ([2] f64), though the results depend on it; "
        "the function uses detach() or NoGradGuard, or a backward returns no gradient for it");
}

TEST_CASE("gradcheck finds a recorded gradient that differs") {
  const std::string rest =
      ": the gradient of input 0 ([1] f64) at [0] is 0.2117532, but 0.3176298 with "
      "create_graph; correct one of the formulas of the backward";
  const auto f = other_when_recorded;
  CHECK(error_of([&] { gradcheck(f, {numbers({1})}); }) == "gradcheck" + rest);
  CHECK(error_of([&] { gradgradcheck(f, {numbers({1})}); }) == "gradgradcheck" + rest);
  CHECK(error_of([&] {
          gradgradcheck(f, {numbers({200})}, {.directions = 1});
        }).starts_with("gradgradcheck: the gradient of input 0 ([200] f64) at [0] is "));
}

TEST_CASE("gradcheck: errors for functions that it cannot check") {
  const Tensor x = numbers({2});
  const auto f = [](const Tensor& a, const Tensor&) { return cube(a); };
  CHECK(error_of([&] {
          gradcheck(f, {x, x});
        }) ==
        "gradcheck: no result depends on input 1 ([2] f64); leave it out of the inputs, or use it");
  CHECK(error_of([&] { gradcheck([](const Tensor& a) { return apply<GivesNothing>(a); }, {x}); }) ==
        "gradcheck: no gradient reaches input 0 ([2] f64), though the results depend on it; the "
        "function uses detach() or NoGradGuard, or a backward returns no gradient for it");
  CHECK(error_of([&] { gradcheck([](const Tensor& a) { return cube(a.detach()); }, {x}); }) ==
        "gradcheck: result 0 ([2] f64) is not tracked; compute it from the inputs with recorded "
        "ops, without "
        "detach() or NoGradGuard");
  CHECK(error_of([&] { gradcheck(cube, {numbers({2}, f32)}); }) ==
        "gradcheck: input 0 ([2] f32) is not f64, which finite differences require; convert it "
        "with to(f64)");
  CHECK(error_of([&] { gradcheck([](const Tensor& a) { return a.to(bf16); }, {x}); }) ==
        "gradcheck: result 0 ([2] bf16) is not f64, which finite differences require; compute in "
        "f64");
  CHECK(error_of([&] { gradcheck(cube, {core::full({2}, 1, i64)}); }) ==
        "gradcheck: none of the 1 inputs is f64; there is nothing to check");
  CHECK(error_of([&] {
          gradcheck(cube, {x, x});
        }) == "gradcheck: the function takes 1 tensor and 2 were given");
  int calls = 0;
  CHECK(error_of([&] { gradcheck([&](const Tensor& a) { return a * ++calls; }, {x}); }) ==
        "gradcheck: result 0 ([2] f64) is not the same when the function is called again with the "
        "same inputs; "
        "seed its random numbers inside the function");
  CHECK(error_of([&] { gradcheck([](const Tensor& a) { return a.to(i64); }, {x}); }) ==
        "gradcheck: the function returns no floating result; there is nothing to check");
  Tensor shared = core::view_of(x, {3}, {0}, 0).set_requires_grad();
  CHECK(error_of([&] { gradcheck(cube, {shared}); }) ==
        "gradcheck: input 0 ([3] f64) is an expanded view, whose elements share memory; clone() it "
        "first");
}

}  // namespace tapehead::gradcheck_test
