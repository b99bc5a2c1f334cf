// Hooks and retained gradients.
#include <doctest/doctest.h>

#include <memory>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/node.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

TEST_CASE("hooks see the complete gradient, in order, and may replace it") {
  const Tensor x = leaf({2}, {1, 2});
  const Tensor h = x * 3;
  std::vector<Doubles> seen;
  h.register_hook([&](const Tensor& g) {
    seen.push_back(values(g));
    return g * 10;
  });
  h.register_hook([&](const Tensor& g) { return seen.push_back(values(g)), Tensor(); });
  sum(h + h * h).backward();
  CHECK(seen == std::vector<Doubles>{{7, 13}, {70, 130}});
  CHECK(values(x.grad()) == Doubles{210, 390});
}

TEST_CASE("a hook on a leaf runs before its gradient is added") {
  const Tensor x = leaf({2}, {1, 2});
  x.register_hook([](const Tensor& g) { return g * -1; });
  sum(x * x).backward();
  CHECK(values(x.grad()) == Doubles{-2, -4});
}

TEST_CASE("hooks are part of the graph under create_graph") {
  const Tensor x = leaf({}, {3});
  const Tensor h = x * x;
  h.register_hook([&](const Tensor& g) { return g * x; });
  const Tensor d = grad({h * 2}, {x}, {.create_graph = true})[0];  // 2x * x * 2
  CHECK(d.item() == 36);
  CHECK(grad({d}, {x})[0].item() == 24);
}

TEST_CASE("a hook may register others, drop the loss, or run another backward") {
  const Tensor x = leaf({}, {3});
  Tensor h = x * x;
  int later = 0;
  SUBCASE("register") {
    h.register_hook([&](const Tensor&) {
      for (int i = 0; i < 9; ++i) h.register_hook([&](const Tensor&) { return ++later, Tensor(); });
      return Tensor();
    });
    (h * 2).backward();
    CHECK(later == 9);
    CHECK(x.grad().item() == 12);
    h = Tensor();  // breaks the cycle: the hook holds h
  }
  SUBCASE("drop the loss") {
    auto loss = std::make_unique<Tensor>(h * 2);
    h.register_hook([&](const Tensor&) { return loss.reset(), Tensor(); });
    h = Tensor();
    const Tensor copy = *loss;
    copy.backward();
    CHECK(x.grad().item() == 12);
  }
  SUBCASE("another backward, over tensors where gradients wait") {
    const Tensor y = x * 2;
    const Tensor z = y * y;  // the hook runs while the gradient of y is incomplete
    h = y * 5;
    h.register_hook([&](const Tensor&) {
      later += static_cast<int>(grad({z}, {y}, {.retain_graph = true})[0].item());
      z.backward({.retain_graph = true});
      return Tensor();
    });
    (z + h).backward();
    CHECK(later == 12);
    CHECK(x.grad().item() == 24 + 34);
  }
}

TEST_CASE("a hook may return nothing, and keeps its own state") {
  const Tensor x = leaf({2}, {1, 2});
  std::vector<int> counts;
  x.register_hook([&, calls = 0](const Tensor& g) mutable {
    CHECK(values(g) == Doubles{3, 3});
    counts.push_back(++calls);
  });
  for (int i = 0; i < 2; ++i) sum(x * 3).backward();
  CHECK(counts == std::vector<int>{1, 2});
  CHECK(values(x.grad()) == Doubles{6, 6});
}

TEST_CASE("a removed hook is not called any more") {
  Tensor x = leaf({2}, {1, 2});
  Doubles order;
  const auto note = [&](double which) {
    return [&, which](const Tensor&) { order.push_back(which); };
  };
  RemovableHandle first = x.register_hook(note(1)), second = x.register_hook(note(2)),
                  third = x.register_hook(note(3));
  const auto run = [&] {
    order.clear();
    sum(x.to(f64) * 3).backward();
    return order;
  };
  CHECK(run() == Doubles{1, 2, 3});
  second.remove();
  second.remove();
  CHECK(run() == Doubles{1, 3});
  SUBCASE("by itself, while it runs, and by another before its turn") {
    RemovableHandle later, self;
    self = x.register_hook([&, held = std::make_shared<double>(5)](const Tensor&) {
      self.remove();
      later.remove();
      order.push_back(*held);
    });
    later = x.register_hook(note(6));
    CHECK(run() == Doubles{1, 3, 5});
    CHECK(run() == Doubles{1, 3});
  }
  SUBCASE("after the tensor was paused and converted") {
    x.set_requires_grad(false);
    first.remove();
    x.set_requires_grad();
    detail::convert_leaf(x, f32);
    CHECK(run() == Doubles{3});
    third.remove();
    CHECK(run().empty());
  }
  SUBCASE("after all that was computed is gone") {
    RemovableHandle handle;
    {
      const Tensor h = x * 2;
      handle = h.register_hook(note(4));
    }
    handle.remove();
    RemovableHandle().remove();
    CHECK(run() == Doubles{1, 3});
  }
}

TEST_CASE("hooks: errors") {
  const Tensor x = leaf({2}, {1, 2}), plain = tensor_of({2}, {1, 2});
  x.register_hook([](const Tensor&) { return core::full({3}, 1, f64); });
  CHECK(error_of<ShapeError>([&] { sum(x).backward(); }) ==
        "backward: a hook on a tensor of shape [2] returned a gradient of shape [3]; they must be "
        "equal");
  CHECK(error_of<GraphError>([&] { plain.register_hook([](const Tensor& g) { return g; }); }) ==
        "register_hook: [2] f32 does not track gradients; call set_requires_grad() first");
  CHECK(error_of<GraphError>([&] { plain.retain_grad(); }) ==
        "retain_grad: [2] f32 does not track gradients; call set_requires_grad() first");
}

TEST_CASE("retain_grad keeps the gradient of an inner tensor, after its hooks") {
  const Tensor x = leaf({2}, {1, 2});
  const Tensor h = x * 3;
  CHECK_FALSE(h.grad().defined());
  h.retain_grad();
  h.retain_grad();
  h.register_hook([](const Tensor& g) { return g * 2; });
  const Tensor loss = sum(h * h);
  loss.backward({.retain_graph = true});
  CHECK(values(h.grad()) == Doubles{12, 24});
  loss.backward();
  CHECK(values(h.grad()) == Doubles{24, 48});
  CHECK(values(x.grad()) == Doubles{72, 144});
}

TEST_CASE("retain_grad is of the value after changes in place") {
  const Tensor x = leaf({2}, {1, 2});
  const Tensor h = x * 3;
  h.retain_grad();
  h.mul_(2);
  h.add_(1);
  sum(h * 5).backward();
  CHECK(values(h.grad()) == Doubles{5, 5});
  CHECK(values(x.grad()) == Doubles{30, 30});
}

TEST_CASE("an exception in a hook leaves the graph usable") {
  const Tensor x = leaf({2}, {1, 2});
  const Tensor h = x * x;
  bool fails = true;
  h.register_hook([&](const Tensor& g) {
    if (fails) throw std::runtime_error("stop");
    return g;
  });
  const Tensor loss = sum(h * 2) + sum(h * 3);
  CHECK_THROWS_WITH(loss.backward({.retain_graph = true}), "stop");
  CHECK_FALSE(x.grad().defined());
  fails = false;
  loss.backward();
  CHECK(values(x.grad()) == Doubles{10, 20});
}
