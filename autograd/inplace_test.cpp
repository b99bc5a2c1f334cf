// In-place ops, and how backward detects them.
#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

namespace {

// The error of backward after `h`, saved by an op, was changed.
std::string said_after(const Tensor& loss) {
  return error_of<GraphError>([&] { loss.backward(); });
}

}  // namespace

TEST_CASE("ops in place change the elements") {
  const Tensor x = tensor_of({2, 2}, {1, 2, 3, 4});
  x.add_(tensor_of({2}, {10, 20}));
  CHECK(values(x) == Doubles{11, 22, 13, 24});
  x.sub_(1), x.mul_(2), x.div_(4);
  CHECK(values(x) == Doubles{5, 10.5, 6, 11.5});
  x.transpose(0, 1).copy_(tensor_of({2, 2}, {1, 2, 3, 4}));
  CHECK(values(x) == Doubles{1, 3, 2, 4});
  x.fill_(7);
  CHECK(values(x) == Doubles{7, 7, 7, 7});
  x.zero_();
  CHECK(values(x) == Doubles{0, 0, 0, 0});
  CHECK(x.version() == 7);
}

TEST_CASE("the operand of an in-place op may be a view of its target") {
  const Tensor x = tensor_of({2, 2}, {1, 2, 3, 4});
  x.add_(x.transpose(0, 1));
  CHECK(values(x) == Doubles{2, 5, 5, 8});
  x.add_(x);
  CHECK(values(x) == Doubles{4, 10, 10, 16});
  const Tensor y = tensor_of({2, 2}, {1, 2, 3, 4});
  y.copy_(y.transpose(0, 1));
  CHECK(values(y) == Doubles{1, 3, 2, 4});
}

TEST_CASE("recorded ops in place have gradients") {
  const Tensor x = leaf({2}, {1, 2}), w = leaf({2}, {3, 5});
  const Tensor h = x * 1;
  h.mul_(w), h.add_(x), h.sub_(1), h.div_(w);
  CHECK(values(h) == Doubles{1, 11.0 / 5});
  const auto f = [](const Tensor& a, const Tensor& b) {
    const Tensor t = a * 1;
    t.mul_(b), t.add_(a), t.sub_(1), t.div_(b);
    return t;
  };
  gradcheck(f, {x, w});
  gradgradcheck(f, {x, w});
  const auto g = [](const Tensor& a) {
    const Tensor t = core::full({2, 2}, 1, f64);
    t.copy_(a);  // tracked from here on
    t.mul_(t);
    return t;
  };
  gradcheck(g, {x});
  const auto forgets = [](const Tensor& a) {
    const Tensor t = a * a;
    t.fill_(7);
    return t + a;
  };
  gradcheck(forgets, {leaf({}, {3})});
}

TEST_CASE("backward names what was changed in place, by what, and what to write instead") {
  const Tensor x = leaf({3}, {1, 2, 3});
  SUBCASE("a result") {
    Tensor h = tanh(x);
    h.set_name("h");
    h.add_(1);
    CHECK(said_after(sum(h)) ==
          "backward: 'h' [3], saved by tanh, was changed in place by add_ afterwards; write h = h "
          "+ x");
  }
  SUBCASE("a result without a name") {
    Tensor h = exp(x);
    h.mul_(2);
    CHECK(said_after(sum(h)) ==
          "backward: the result [3], saved by exp, was changed in place by mul_ afterwards; write "
          "h = "
          "h * x");
  }
  SUBCASE("an operand") {
    Tensor w = tensor_of({3}, {1, 2, 3}, f64);
    const Tensor loss = sum(x * w);
    w.zero_();
    CHECK(said_after(loss) ==
          "backward: an operand [3], saved by mul, was changed in place by fill_ afterwards; "
          "compute a "
          "new tensor instead of changing it");
  }
  SUBCASE("a weight that an optimizer stepped too early") {
    Tensor w = leaf({3}, {1, 2, 3});
    w.set_name("encoder.weight");
    const Tensor loss = sum(x * w);
    no_grad([&] { w.sub_(0.1); });
    CHECK(said_after(loss) ==
          "backward: 'encoder.weight' [3], saved by mul, was changed in place by sub_ afterwards; "
          "write h = h - x");
  }
  SUBCASE("through a view") {
    Tensor w = tensor_of({3}, {1, 2, 3}, f64);
    const Tensor loss = sum(x / w);
    w.expand({1, 3}).copy_(tensor_of({1, 3}, {4, 5, 6}, f64));
    CHECK(said_after(loss) ==
          "backward: an operand [3], saved by div, was changed in place by copy_ afterwards; "
          "compute a "
          "new tensor instead of changing it");
  }
  SUBCASE("a change that no backward needs is fine") {
    Tensor h = x + 1;
    Tensor y = h + 2;
    h.div_(2);
    sum(y + h).backward();
    CHECK(values(x.grad()) == Doubles{1.5, 1.5, 1.5});
  }
}

TEST_CASE("in-place ops: errors") {
  const Tensor x = leaf({2}, {1, 2});
  CHECK(error_of<GraphError>([&] { x.add_(1); }) ==
        "add_: [2] f64 is a leaf that tracks gradients; change it inside NoGradGuard");
  no_grad([&] { x.add_(1); });
  CHECK(values(x) == Doubles{2, 3});
  CHECK(error_of<ShapeError>([&] {
          tensor_of({2}, {1, 2}).mul_(tensor_of({3}, {1, 2, 3}));
        }) == "mul_: shape [3] does not broadcast to [2], which is changed in place");
  CHECK(error_of<ShapeError>([&] {
          tensor_of({3}, {1, 2, 3}).copy_(core::full({2, 3}, 1));
        }) == "copy_: shape [2, 3] does not broadcast to [3], which is changed in place");
  CHECK(
      error_of<GraphError>([&] { tensor_of({1}, {1}).expand({3}).fill_(2); }) ==
      "fill_: [3] f32 is a view whose elements share memory, as after expand(); clone() it first");
  CHECK(error_of<DTypeError>([&] {
          tensor_of({2}, {1, 2}, i64).add_(0.5);
        }) ==
        "add_: a result of type f32 cannot be stored in the i64 tensor that is changed in place");
}
