#include "tapehead/autograd/engine.h"

#include <doctest/doctest.h>

#include <thread>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

namespace {

const char* const kReleased =
    "backward: this graph was released by an earlier backward(); pass retain_graph the first time, "
    "or add the losses up";

}  // namespace

TEST_CASE("backward adds gradients to leaves") {
  const Tensor x = leaf({2}, {1, 2}), w = leaf({2}, {3, 4});
  sum(x * w).backward();
  CHECK(values(x.grad()) == Doubles{3, 4});
  CHECK(values(w.grad()) == Doubles{1, 2});
  sum(x * w).backward();
  CHECK(values(x.grad()) == Doubles{6, 8});
  sum(x * w).backward({.create_graph = true});
  CHECK(values(x.grad()) == Doubles{9, 12});
  CHECK(x.grad().requires_grad());
  for (const Tensor& t : {x, w}) t.set_grad({});
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("backward with inputs adds gradients to them alone") {
  const Tensor x = leaf({2}, {1, 2}), w = leaf({2}, {3, 4}), unused = leaf({1}, {1});
  const Tensor y = x * w;
  int calls = 0;
  Tensor(w).register_hook([&](const Tensor&) { ++calls; });
  sum(y * y).backward({.inputs = {w, w, unused}});
  CHECK(values(w.grad()) == Doubles{6, 32});
  CHECK(calls == 1);
  CHECK_FALSE(x.grad().defined());
  CHECK_FALSE(unused.grad().defined());
  CHECK(error_of<GraphError>([&] {
          sum(x * y).backward({.inputs = {w, y}});
        }) ==
        "backward: inputs[1] ([2] f64) is not a leaf that tracks gradients; pass leaves, or use "
        "grad(), which returns the gradients of any tensors");
  CHECK(error_of<GraphError>([&] { sum(x).backward({.inputs = {Tensor()}}); }) ==
        "backward: inputs[0] (undefined) is not a leaf that tracks gradients; pass leaves, or use "
        "grad(), which returns the gradients of any tensors");
}

TEST_CASE("a tensor that is used twice gets both gradients") {
  const Tensor x = leaf({2}, {3, 5});
  const Tensor y = x * x;
  sum(y + y * x).backward();  // 2x + 3x^2
  CHECK(values(x.grad()) == Doubles{33, 85});
}

TEST_CASE("broadcast operands get sums, other types get theirs") {
  const Tensor x = leaf({2, 3}, {1, 2, 3, 4, 5, 6}), b = leaf({3}, {1, 1, 1}, f32),
               s = leaf({}, {2}, bf16);
  Tensor y = (x + b) * s;
  CHECK(y.dtype() == f64);
  y.backward({.gradient = core::full({2, 3}, 1, f64)});
  CHECK(values(b.grad()) == Doubles{4, 4, 4});
  CHECK(b.grad().dtype() == f32);
  CHECK(values(s.grad()) == Doubles{27});
  CHECK(s.grad().dtype() == bf16);
}

TEST_CASE("backward of more than one element requires a gradient") {
  const Tensor x = leaf({2, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(
      error_of<GraphError>([&] { (x * 2).backward(); }) ==
      "backward: the tensor has shape [2, 3], not one element; reduce it with sum() or mean(), or "
      "pass a gradient");
  CHECK(error_of<ShapeError>([&] { (x * 2).backward({.gradient = core::full({3}, 1, f64)}); }) ==
        "backward: the gradient has shape [3], the tensor [2, 3]; they must be equal");
  (x * 2).backward({.gradient = core::full({2, 3}, 1, f64)});
  CHECK(values(x.grad()) == Doubles{2, 2, 2, 2, 2, 2});
  const Tensor one = leaf({1, 1}, {3});
  (one * one).backward();
  CHECK(values(one.grad()) == Doubles{6});
}

TEST_CASE("backward of an untracked tensor") {
  const Tensor x = tensor_of({2}, {1, 2});
  CHECK(error_of<GraphError>([&] { sum(x).backward(); }) ==
        "backward: [] f32 was not computed from a tensor that tracks gradients; call "
        "set_requires_grad() on a leaf before, and compute outside of NoGradGuard");
  CHECK(error_of<GraphError>([&] { Tensor().backward(); }) ==
        "backward: an undefined tensor was not computed from a tensor that tracks gradients; call "
        "set_requires_grad() on a leaf before, and compute outside of NoGradGuard");
}

TEST_CASE("backward runs once, or with retain_graph many times") {
  const Tensor x = leaf({2}, {1, 2});
  const Tensor loss = sum(x * x);
  loss.backward({.retain_graph = true});
  loss.backward();
  CHECK(values(x.grad()) == Doubles{4, 8});
  CHECK(error_of<GraphError>([&] { loss.backward(); }) == kReleased);
}

TEST_CASE("two losses on one released part are refused, their sum is not") {
  const Tensor x = leaf({2}, {1, 2});
  const Tensor shared = x * x;
  sum(shared).backward();
  CHECK(error_of<GraphError>([&] { sum(shared * 2).backward(); }) == kReleased);
}

TEST_CASE("must_reach names the leaves that no gradient reached") {
  Tensor x = leaf({2}, {1, 2}), unused = leaf({3}, {1, 2, 3});
  unused.set_name("decoder.bias");
  Tensor untracked = tensor_of({2}, {1, 2});
  sum(x * 2).backward({.must_reach = {x}});
  CHECK(error_of<GraphError>([&] {
          sum(x * 2).backward({.must_reach = {x, unused, untracked}});
        }) ==
        "backward: no gradient reached 'decoder.bias' [3] f64, [2] f32; use it in the loss, freeze "
        "it, or leave it out of must_reach");
}

TEST_CASE("create_graph gives derivatives of any order") {
  const Tensor x = leaf({}, {2});
  const Tensor y = x * x * x * x;
  const GradOptions again{.create_graph = true};
  const Tensor d1 = grad({y}, {x}, again)[0], d2 = grad({d1}, {x}, again)[0],
               d3 = grad({d2}, {x}, again)[0];
  CHECK(d1.item() == 32);
  CHECK(d2.item() == 48);
  CHECK(d3.item() == 48);
  CHECK_FALSE(x.grad().defined());

  y.backward({.create_graph = true});
  CHECK(x.grad().requires_grad());
  CHECK(grad({x.grad()}, {x})[0].item() == 48);
  x.set_grad({});  // breaks the cycle of the leaf and its gradient's graph
}

TEST_CASE("grad gives the gradients of any tensors and accumulates nothing") {
  const Tensor a = leaf({2}, {1, 2});
  const Tensor b = a * 3, c = b * b;
  const std::vector<Tensor> found =
      grad({c, b}, {b, a}, {.gradients = {core::full({2}, 1, f64), core::full({2}, 10, f64)}});
  CHECK(values(found[0]) == Doubles{16, 22});
  CHECK(values(found[1]) == Doubles{48, 66});
  CHECK_FALSE(a.grad().defined());
}

TEST_CASE("grad refuses inputs without a part in the outputs, unless they are allowed") {
  Tensor x = leaf({2}, {1, 2}), other = leaf({3}, {1, 2, 3});
  other.set_name("w");
  const GradOptions keep{.retain_graph = true};
  const Tensor y = sum(x);
  CHECK(error_of<GraphError>([&] {
          grad({y}, {x, other}, keep);
        }) ==
        "grad: the outputs do not depend on input 1 ('w' [3] f64); pass allow_unused to get an "
        "undefined tensor for it");
  const auto found = grad({y}, {x, other}, {.retain_graph = true, .allow_unused = true});
  CHECK(values(found[0]) == Doubles{1, 1});
  CHECK_FALSE(found[1].defined());
  CHECK(error_of<GraphError>([&] { grad({y}, {tensor_of({1}, {1})}, keep); }) ==
        "grad: input 0 ([1] f32) does not track gradients; call set_requires_grad() before it is "
        "used");
  CHECK(
      error_of<GraphError>([&] { grad({x * 2}, {x}, keep); }) ==
      "grad: the tensor has shape [2], not one element; reduce it with sum() or mean(), or pass a "
      "gradient");
  CHECK(error_of<ValueError>([&] {
          grad({y, y}, {x}, {.gradients = {y}});
        }) ==
        "grad: 1 gradients for 2 outputs; pass one for each output (undefined if it has one "
        "element)");
}

TEST_CASE("grad without inputs is an error") {
  const Tensor x = core::full({1}, 1).set_requires_grad();
  CHECK(error_of<ValueError>([&] { grad({x * 2}, {}); }) ==
        "grad: there are no inputs; pass the tensors to differentiate with respect to");
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("grad visits only what leads to its inputs") {
  const Tensor x = leaf({}, {2}), w = leaf({}, {5});
  const Tensor h = w * w;
  int visits = 0;
  h.register_hook([&](const Tensor&) { return ++visits, Tensor(); });
  const Tensor y = x * x * h;
  CHECK(grad({y}, {x}, {.retain_graph = true})[0].item() == 100);
  CHECK(visits == 0);
  CHECK(grad({y}, {w}, {.retain_graph = true})[0].item() == 40);
  CHECK(visits == 1);
  CHECK(grad({y}, {h})[0].item() == 4);  // an inner tensor: nodes below it are not visited
  CHECK(visits == 2);
}

TEST_CASE("a leaf's gradient is its own memory") {
  const Tensor a = leaf({2}, {1, 2}), b = leaf({2}, {1, 2});
  SUBCASE("not that of another leaf") {
    const Tensor seed = core::full({2}, 1, f64);
    (a + b).backward({.gradient = seed});
    no_grad([&] { a.grad().mul_(5); });
    CHECK(values(b.grad()) == Doubles{1, 1});
    CHECK(values(seed) == Doubles{1, 1});
  }
  SUBCASE("nor with create_graph") {
    (a + b).backward({.gradient = core::full({2}, 1, f64), .create_graph = true});
    no_grad([&] { a.grad().mul_(5); });
    CHECK(values(b.grad()) == Doubles{1, 1});
  }
  SUBCASE("nor an expanded one") {
    sum(a).backward();
    CHECK(a.grad().is_contiguous());
    no_grad([&] { a.grad().add_(tensor_of({2}, {1, 2})); });
    CHECK(values(a.grad()) == Doubles{2, 3});
  }
  SUBCASE("nor what a hook kept") {
    Tensor kept;
    a.register_hook([&](const Tensor& g) { return kept = g, Tensor(); });
    sum(a * 2).backward();
    sum(a * 2).backward();
    CHECK(values(kept) == Doubles{2, 2});
    CHECK(values(a.grad()) == Doubles{4, 4});
  }
}

TEST_CASE("nothing is recorded under NoGradGuard, and each thread decides for itself") {
  const Tensor x = leaf({2}, {1, 2});
  {
    const NoGradGuard off;
    CHECK_FALSE(is_grad_enabled());
    CHECK_FALSE((x * 2).requires_grad());
    {
      const AutoGradMode on(true);
      CHECK((x * 2).requires_grad());
    }
    bool in_thread = false;
    std::thread([&] { in_thread = (x * 2).requires_grad(); }).join();
    CHECK(in_thread);
    CHECK_FALSE(is_grad_enabled());
  }
  CHECK((x * 2).requires_grad());
  CHECK_FALSE(no_grad([&] { return x * 2; }).requires_grad());
  CHECK_FALSE(x.detach().requires_grad());
}

TEST_CASE("backward restores the mode and records nothing without create_graph") {
  const Tensor x = leaf({2}, {1, 2});
  sum(x * x).backward();
  CHECK(is_grad_enabled());
  CHECK_FALSE(x.grad().requires_grad());
}

TEST_CASE("set_requires_grad and set_grad: errors") {
  Tensor counts = tensor_of({2}, {1, 2}, i64), nothing;
  CHECK(error_of<DTypeError>([&] { counts.set_requires_grad(); }) ==
        "set_requires_grad: [2] i64 is not f32, f64, bf16 or f16; only those have gradients");
  CHECK(error_of<DTypeError>([&] { nothing.set_requires_grad(); }) ==
        "set_requires_grad: an undefined tensor is not f32, f64, bf16 or f16; only those have "
        "gradients");
  counts.set_requires_grad(false);
  const Tensor x = leaf({2}, {1, 2});
  Tensor y = x * 2;
  CHECK(error_of<GraphError>([&] { y.set_requires_grad(false); }) ==
        "set_requires_grad: [2] f64 was computed from tracked tensors; use detach() to leave the "
        "tape");
  CHECK(y.set_requires_grad().is_same(y));
  CHECK(error_of<GraphError>([&] { y.set_grad(y); }) == "set_grad: [2] f64 is not a leaf");
  CHECK(error_of<ShapeError>([&] {
          x.set_grad(tensor_of({3}, {1, 2, 3}));
        }) ==
        "set_grad: the gradient is [3] f32, the tensor [2] f64; shape and type must be equal");
  CHECK(error_of<GraphError>([&] { counts.set_grad({}); }) ==
        "set_grad: [2] i64 does not track gradients; call set_requires_grad() first");

  Tensor z = leaf({2}, {1, 2});
  z.set_requires_grad(false);
  CHECK_FALSE((z * 2).requires_grad());
}
