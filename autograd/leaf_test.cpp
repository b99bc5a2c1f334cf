// Leaves whose requires_grad or dtype changes, also while a graph uses them.
#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/node.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/dlpack.h"
#include "tapehead/core/from_blob.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

TEST_CASE("a leaf whose tracking is off keeps its gradient and hooks, and takes no gradient") {
  Tensor w = tensor_of({2}, {1, 2}).set_requires_grad();
  int calls = 0;
  w.register_hook([&](const Tensor&) { return ++calls, Tensor(); });
  sum(w * 3).backward();
  const Tensor before = sum(w * 4), other = sum(w * 5);

  w.set_requires_grad(false);
  CHECK_FALSE(w.requires_grad());
  CHECK(values(w.grad()) == Doubles{3, 3});
  before.backward();
  CHECK(values(w.grad()) == Doubles{3, 3});
  CHECK(calls == 1);
  CHECK(error_of<GraphError>([&] { grad({other}, {w}); }) ==
        "grad: input 0 ([2] f32) does not track gradients; call set_requires_grad() before it is "
        "used");

  w.set_requires_grad(true);
  CHECK(values(w.grad()) == Doubles{3, 3});
  other.backward();  // recorded before requires_grad was cleared
  CHECK(values(w.grad()) == Doubles{8, 8});
  CHECK(calls == 2);
  w.set_requires_grad(false);
  w.set_grad({});
  CHECK_FALSE(w.grad().defined());
}

TEST_CASE("a converted tensor is noticed by the ops that saved it, tracked or not") {
  for (const bool tracked : {true, false}) {
    CAPTURE(tracked);
    const Tensor x = ones({2}).set_requires_grad();
    Tensor w = tensor_of({2}, {3, 4}).set_requires_grad(tracked).set_name("w");
    const Tensor loss = sum(x * w);
    detail::convert_leaf(w, bf16);
    CHECK(error_of<GraphError>([&] { loss.backward(); }) ==
          "backward: 'w' [2], saved by mul, was converted to bf16 afterwards; compute the loss "
          "again");
  }
}

TEST_CASE(
    "leaves over memory of the caller: the gradient is the library's, the values are theirs") {
  std::vector<double> weights{1, 2, 3}, dy{1, 1, 1};
  Tensor w = from_blob(weights.data(), {3}).set_requires_grad();
  const Tensor y = w * w;
  // A gradient that nothing else refers to is not changed in place if its memory is the caller's.
  const Tensor z = y * 1;
  z[0].fill_(5);
  z.backward({.gradient = from_blob(dy.data(), {3})});
  CHECK(values(w.grad()) == Doubles{0, 4, 6});
  CHECK(dy == std::vector<double>{1, 1, 1});
  {
    const NoGradGuard off;
    w.sub_(w.grad());
  }
  CHECK(weights == std::vector<double>{1, -2, -3});
  CHECK(error_of<GraphError>([&] { w * 2, w.add_(1); }) ==
        "add_: [3] f64 is a leaf that tracks gradients; change it inside NoGradGuard");
  CHECK(error_of<GraphError>([&] { to_dlpack(w); }) ==
        "to_dlpack: [3] f64 tracks gradients; export x.detach()");
}
