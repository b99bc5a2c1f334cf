// Parameters that are frozen or converted while a graph that uses them is alive.
#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/linear.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

TEST_CASE("parameters that are frozen and thawed are as they were") {
  const nn::Params params(1);
  const nn::Linear layer(params / "l", 2, 2);
  int calls = 0;
  layer.weight.register_hook([&](const Tensor&) { return ++calls, Tensor(); });
  const Tensor loss = sum(layer(ones({1, 2})));
  params.freeze("*");
  params.unfreeze("*");
  loss.backward();
  CHECK(calls == 1);
  CHECK(values(layer.bias.grad()) == Doubles{1, 1});
  params.freeze("*");
  CHECK(values(layer.bias.grad()) == Doubles{1, 1});
  params.zero_grad();
  params.unfreeze("*");
  CHECK_FALSE(layer.bias.grad().defined());
}

TEST_CASE(
    "parameters that are converted keep gradients and hooks; graphs from before are refused") {
  const nn::Params params(1);
  const nn::Linear layer(params / "l", 2, 1);
  int calls = 0;
  layer.weight.register_hook([&](const Tensor& g) { return ++calls, g; });
  const auto loss_of = [&](DType dtype) { return sum(layer(ones({1, 2}, dtype))); };
  Tensor kept = loss_of(f32);
  params.to(f32);  // changes nothing
  kept.backward();
  CHECK(values(layer.weight.grad()) == Doubles{1, 1});

  kept = loss_of(f32);
  params.to(f64);
  CHECK(layer.weight.grad().dtype() == f64);
  CHECK(values(layer.weight.grad()) == Doubles{1, 1});
  CHECK(
      error_of<GraphError>([&] { kept.backward(); }) ==
      "backward: 'l.weight' [1, 2] f32 was converted to f64 after this graph was recorded; compute "
      "the loss again");
  loss_of(f64).backward();
  CHECK(values(layer.weight.grad()) == Doubles{2, 2});
  CHECK(calls == 2);

  params.freeze("*");
  params.to(f32);
  params.unfreeze("*");
  CHECK(values(layer.weight.grad()) == Doubles{2, 2});
  loss_of(f32).backward();
  CHECK(calls == 3);
}
