#include "tapehead/autograd/functional.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

using Tensors = std::vector<Tensor>;

TEST_CASE("jacobian of one input: shapes and values") {
  const Tensor x = tensor_of({2, 2}, {1, 2, 3, 4}, f64);
  // y[i] = sum over j of x[i, j]^2, so that dy[i] / dx[k, j] = 2 x[i, j] where i = k.
  const auto rows = [](const Tensor& t) { return sum(square(t), 1); };
  const Tensor j = jacobian(rows, x);
  CHECK(j.shape() == Shape{2, 2, 2});
  CHECK(values(j) == Doubles{2, 4, 0, 0, 0, 0, 6, 8});
  CHECK_FALSE(j.requires_grad());
  CHECK_FALSE(x.requires_grad());
  const auto total = [](const Tensor& t) { return sum(t * t * t); };
  CHECK(values(jacobian(total, x)) == Doubles{3, 12, 27, 48});
  CHECK(jacobian(rows, zeros({0, 3}, f64)).shape() == Shape{0, 0, 3});
  CHECK(values(hessian(total, x).view({4, 4}).diagonal()) == Doubles{6, 12, 18, 24});
  CHECK(sum(hessian(total, x)).item() == 60);
}

TEST_CASE("jacobian and hessian of several inputs and results") {
  const Tensor a = tensor_of({2}, {2, 3}, f64), b = tensor_of({2}, {5, 7}, f64);
  const auto f = [](const Tensors& x) { return Tensors{x[0] * x[1], sum(x[1])}; };
  const auto j = jacobian(f, {a, b});
  CHECK(values(j[0][0]) == Doubles{5, 0, 0, 7});
  CHECK(values(j[0][1]) == Doubles{2, 0, 0, 3});
  CHECK(values(j[1][0]) == Doubles{0, 0});
  CHECK(values(j[1][1]) == Doubles{1, 1});
  CHECK(error_of<GraphError>([&] {
          jacobian(f, {a, b}, {.strict = true});
        }) ==
        "jacobian: the result does not depend on input 0; without `strict` its derivatives are 0");
  const auto h = hessian([](const Tensors& x) { return Tensors{sum(x[0] * x[0] * x[1])}; }, {a, b});
  CHECK(values(h[0][0]) == Doubles{10, 0, 0, 14});
  CHECK(values(h[0][1]) == Doubles{4, 0, 0, 6});
  CHECK(values(h[1][0]) == Doubles{4, 0, 0, 6});
  CHECK(values(h[1][1]) == Doubles{0, 0, 0, 0});
}

TEST_CASE("products with derivatives") {
  const Tensor x = tensor_of({2}, {2, 3}, f64), v = tensor_of({2}, {1, 10}, f64);
  const auto f = [](const Tensor& t) { return t * t.sum(); };  // J = [[2a + b, a], [b, a + 2b]]
  const DerivativeProduct left = vjp(f, x, v), right = jvp(f, x, v);
  CHECK(values(left.output) == Doubles{10, 15});
  CHECK(values(left.product) == Doubles{7 + 30, 2 + 80});
  CHECK(values(right.output) == Doubles{10, 15});
  CHECK(values(right.product) == Doubles{7 + 20, 3 + 80});
  CHECK_FALSE(right.output.requires_grad());
  const auto cubes = [](const Tensor& t) { return sum(t * t * t); };
  CHECK(values(vjp(cubes, x).product) == Doubles{12, 27});
  const DerivativeProduct second = hvp(cubes, x, v);
  CHECK(second.output.item() == 35);
  CHECK(values(second.product) == Doubles{12, 180});
  // A function without second derivatives, and one that does not depend on its input.
  CHECK(values(hvp([](const Tensor& t) { return sum(t); }, x, v).product) == Doubles{0, 0});
  CHECK(values(jvp([](const Tensor&) { return ones({3}, f64); }, x, v).product) ==
        Doubles{0, 0, 0});
}

TEST_CASE("derivatives with create_graph are differentiable") {
  Tensor x = tensor_of({2}, {2, 3}, f64), scale = tensor_of({}, {4}, f64);
  x.set_requires_grad();
  scale.set_requires_grad();
  const auto f = [&](const Tensor& t) { return scale * t * t; };
  const Tensor j = jacobian(f, x, {.create_graph = true});
  const auto d = grad({sum(j)}, {x, scale});
  CHECK(values(d[0]) == Doubles{8, 8});
  CHECK(values(d[1]) == Doubles{10});
  const Tensor h =
      hvp([&](const Tensor& t) { return sum(f(t) * t); }, x, ones({2}, f64), {.create_graph = true})
          .product;
  CHECK(values(grad({sum(h)}, {scale})[0]) == Doubles{30});
  const NoGradGuard off;
  CHECK(values(jacobian(f, x)) == Doubles{16, 0, 0, 24});
}

TEST_CASE("derivatives: errors") {
  const Tensor x = ones({2}, f64), v = ones({3}, f64);
  const auto same = [](const Tensor& t) { return t * 1; };
  CHECK(error_of<DTypeError>([&] { jacobian(same, ones({2}, i64)); }) ==
        "jacobian: [2] i64 is not floating; integers have no derivatives");
  CHECK(error_of<ShapeError>([&] { hessian(same, x); }) ==
        "hessian: the function returned [2] f64; it must have one element");
  CHECK(error_of<ShapeError>([&] { vjp(same, x); }) ==
        "vjp: the function returned [2] f64; it must have one element");
  CHECK(error_of<ShapeError>([&] { vjp(same, x, v); }) ==
        "vjp: v has shape [3], the result [2]; they must be equal");
  CHECK(error_of<ShapeError>([&] { jvp(same, x, v); }) ==
        "jvp: v has shape [3], the input [2]; they must be equal");
  CHECK(error_of<ShapeError>([&] {
          hessian([](const Tensors& t) { return Tensors{t[0], t[0]}; }, {x});
        }) == "hessian: the function returned 2 tensors; it must return one");
}
