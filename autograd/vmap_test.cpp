#include "tapehead/autograd/vmap.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"

namespace tapehead::vmap_test {
namespace {

using Tensors = std::vector<Tensor>;

bool equal_values(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && allclose(a, b, 1e-12, 1e-12);
}

}  // namespace

TEST_CASE("vmap maps functions over the first axis, or others") {
  const Tensor x = randn({3, 4, 2}, f64), w = randn({4}, f64);
  CHECK(equal_values(vmap([](const Tensor& row) { return sum(square(row)); })(x),
                     sum(square(x), {1, 2})));
  CHECK(equal_values(vmap([&](const Tensor& part) { return matmul(w, part); })(x), matmul(w, x)));
  CHECK(equal_values(
      vmap([](const Tensor& part) { return part * 2; }, {.in_dims = {-1}, .out_dims = {1}})(x),
      transpose(x * 2, 1, 2)));
  const FunctionOfTensors both = [](const Tensors& in) {
    return Tensors{in[0] * in[1], sum(in[0])};
  };
  const Tensors out =
      vmap(both, {.in_dims = {1, None}, .out_dims = {-1, 0}})({x, w.slice(0, 0, 2)});
  CHECK(equal_values(out[0], transpose(x * w.slice(0, 0, 2), 1, 2)));
  CHECK(equal_values(out[1], sum(x, {0, 2})));
  // Nested, and with a function that branches on values.
  const auto inner = vmap([](const Tensor& v) { return v.item() > 0 ? v : v * 0; });
  CHECK(equal_values(vmap(inner)(x.select(0, 0)), relu(x.select(0, 0))));
}

TEST_CASE("vmap has derivatives, and maps derivatives") {
  Tensor w = randn({4, 2}, f64), x = randn({3, 4}, f64);
  w.set_requires_grad(), x.set_requires_grad();
  const auto mapped = [](const Tensors& in) {
    return vmap([&](const Tensor& row) { return tanh(matmul(row, in[1])); })(in[0]);
  };
  CHECK(equal_values(mapped({x, w}), tanh(matmul(x, w))));
  const Tensors ours = grad({sum(square(mapped({x, w})))}, {x, w});
  const Tensors whole = grad({sum(square(tanh(matmul(x, w))))}, {x, w});
  CHECK(equal_values(ours[0], whole[0]));
  CHECK(equal_values(ours[1], whole[1]));
  // The gradients of each example by itself.
  const Tensor each = vmap([&](const Tensor& row) {
    return jacobian(FunctionOfTensor([](const Tensor& v) { return sum(exp(v)); }), row);
  })(x.detach());
  CHECK(equal_values(each, exp(x.detach())));
}

TEST_CASE("what vmap cannot map") {
  const Tensor x = ones({3, 4}), y = ones({2});
  const FunctionOfTensors first = [](const Tensors& in) { return Tensors{in[0]}; };
  const auto differ = [n = 0](const Tensor& row) mutable { return row.slice(0, 0, ++n); };
  CHECK_THROWS_WITH_AS(vmap(first)({x, y}),
                       "vmap: the mapped axes of inputs 0 and 1 have 3 and 2 elements; they must "
                       "have as many",
                       ShapeError);
  CHECK_THROWS_WITH_AS(vmap(first, {.in_dims = {0}})({x, y}),
                       "vmap: in_dims lists 1 axes for 2 inputs; list one for each", ValueError);
  CHECK_THROWS_WITH_AS(vmap(first, {.in_dims = {None}})({x}),
                       "vmap: no input is mapped; give one of them an axis in in_dims", ValueError);
  CHECK_THROWS_WITH_AS(vmap(first)({ones({})}),
                       "vmap: input 0 is 0-d and has no axis to map; pass None for it in in_dims",
                       ShapeError);
  CHECK_THROWS_WITH_AS(
      vmap(first)({ones({0, 2})}),
      "vmap: the mapped axis of input 0 has no elements, so that the results are unknown",
      ShapeError);
  CHECK_THROWS_WITH_AS(vmap(first, {.out_dims = {0, 1}})({x}),
                       "vmap: out_dims lists 2 axes for 1 results; list one for each", ValueError);
  CHECK_THROWS_WITH_AS(vmap(FunctionOfTensor(differ))(x),
                       "vmap: result 0 of call 1 is [2] f32, that of call 0 [1] f32; their shapes "
                       "must be equal",
                       ShapeError);
  CHECK_THROWS_AS(vmap(first, {.in_dims = {2}})({x}), IndexError);
}

}  // namespace tapehead::vmap_test
