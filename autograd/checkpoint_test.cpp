#include "tapehead/autograd/checkpoint.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/allocator.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/random.h"
#include "tapehead/tests/expect.h"

namespace tapehead::checkpoint_test {

using namespace testing;

namespace {

Tensor leaf(const Doubles& numbers) {
  return tensor_of({static_cast<int64_t>(numbers.size())}, numbers, f64).set_requires_grad();
}

}  // namespace

TEST_CASE("checkpoint gives the gradients of inputs and of what the function captured") {
  const Tensor x = leaf({1, 2}), w = leaf({3, 4}), b = leaf({5, 6});
  const auto block = [&](const Tensor& in) { return tanh(in * w) + b * b; };
  sum(block(x)).backward();
  const Tensor dx = x.grad(), dw = w.grad(), db = b.grad();
  for (const Tensor& t : {x, w, b}) t.set_grad({});

  const Tensor loss = sum(checkpoint(block, x));
  loss.backward({.retain_graph = true, .must_reach = {x, w, b}});
  CHECK(values(x.grad()) == values(dx));
  CHECK(values(w.grad()) == values(dw));
  CHECK(values(b.grad()) == values(db));
  CHECK(values(grad({loss}, {w})[0]) == values(dw));

  w.set_grad({});
  sum(checkpoint(block, x.detach())).backward();  // only captured tensors are tracked
  CHECK(values(w.grad()) == values(dw));
}

TEST_CASE("checkpoint has derivatives of first and second order") {
  const Tensor w = leaf({0.5, -0.25});
  const auto f = [&](const Tensor& x, const Tensor& y) {
    return checkpoint([&](const Tensor& a, const Tensor& b) { return exp(a * w) * tanh(b) + a; }, x,
                      y);
  };
  const std::vector<Tensor> inputs{leaf({1, 2}), leaf({0.1, 0.2})};
  gradcheck(f, inputs);
  gradgradcheck(f, inputs);
  const auto of_captured = [&](const std::vector<Tensor>& in) { return f(in[0], in[1]); };
  gradcheck(of_captured, {inputs[0], inputs[1]});
  gradgradcheck([&](const Tensor& x, const Tensor&) { return f(x, x); }, {inputs[0], w});
}

TEST_CASE("checkpoints nest, and capture tensors together with their operands") {
  const Tensor x = leaf({1, 2}), w = leaf({3, 4});
  const auto whole = [&](const Tensor& in, bool saves) {
    const Tensor v = w * w;  // captured, like w
    const auto inner = [v, w](const Tensor& t) { return t * v * w; };
    const auto outer = [inner, saves, w](const Tensor& t) {
      return saves ? checkpoint(inner, t * 2) + w : inner(t * 2) + w;
    };
    return saves ? checkpoint(outer, in) : outer(in);
  };
  sum(whole(x, false)).backward();
  const Tensor dx = x.grad(), dw = w.grad();
  for (const Tensor& t : {x, w}) t.set_grad({});
  sum(whole(x, true)).backward();
  CHECK(values(x.grad()) == values(dx));
  CHECK(values(w.grad()) == values(dw));
}

TEST_CASE(
    "checkpoint returns what the function returns: one, several, its input, untracked results") {
  const Tensor x = leaf({1, 2}), mask = tensor_of({2}, {1, 0}, f64);
  const auto [a, b] = checkpoint([](const Tensor& t) { return std::array{t * 2, t * 3}; }, x);
  sum(b).backward();
  CHECK(values(x.grad()) == Doubles{3, 3});
  CHECK(values(a) == Doubles{2, 4});

  x.set_grad({});
  const std::vector<Tensor> list = checkpoint(
      [&](const Tensor& t) {
        return std::vector<Tensor>{t, mask, t * mask};
      },
      x);
  CHECK(x.is_leaf());
  CHECK_FALSE(mask.requires_grad());
  (sum(list[0]) + sum(list[2])).backward();
  CHECK(values(x.grad()) == Doubles{2, 1});

  CHECK_FALSE(checkpoint([](const Tensor& t) { return t * 2; }, mask).requires_grad());
  CHECK_FALSE(no_grad([&] {
                return checkpoint([](const Tensor& t) { return t * 2; }, x);
              }).requires_grad());
}

TEST_CASE("checkpoint repeats the random numbers, and disturbs no others") {
  const Tensor x = leaf(Doubles(100, 1));
  const auto noisy = [](const Tensor& t) { return t * rand({100}, f64); };
  manual_seed(5);
  const Tensor y = checkpoint(noisy, x);
  const Tensor between = rand({3});
  sum(y).backward();
  CHECK(values(x.grad()) == values(y));
  const Tensor after = rand({3});

  manual_seed(5);
  CHECK(values(noisy(x)) == values(y));
  CHECK(values(rand({3})) == values(between));
  CHECK(values(rand({3})) == values(after));
}

TEST_CASE("a hook on a captured or a given tensor runs once") {
  const Tensor x = leaf({1, 2}), w = leaf({3, 4});
  int given = 0, captured = 0;
  x.register_hook([&](const Tensor&) { return ++given, Tensor(); });
  w.register_hook([&](const Tensor& g) { return ++captured, g * 10; });
  sum(checkpoint([&](const Tensor& t) { return t * w; }, x) + w * 5).backward();
  CHECK(given == 1);
  CHECK(captured == 1);
  CHECK(values(w.grad()) == Doubles{60, 70});
}

TEST_CASE("checkpoint keeps only inputs in memory") {
  const int64_t bytes = 1 << 20;
  Tensor x = core::full({bytes / 4}, 0.5).set_requires_grad();
  const auto block = [](const Tensor& in) {
    Tensor h = in;
    for (int i = 0; i < 10; ++i) h = tanh(h);
    return h;
  };
  const auto peak_of = [&](auto f) {
    x.set_grad({});
    const int64_t before = memory_stats().live_bytes;
    reset_peak_memory();
    sum(f(f(f(f(x))))).backward();
    return memory_stats().peak_bytes - before;
  };
  const int64_t plain = peak_of(block);
  const Tensor expected = x.grad();
  const int64_t saving = peak_of([&](const Tensor& in) { return checkpoint(block, in); });
  CHECK(values(x.grad()) == values(expected));
  CHECK(plain > 40 * bytes);
  CHECK(saving < 20 * bytes);
}

TEST_CASE("dropping what checkpoint gave frees what it holds") {
  const Tensor x = leaf({1, 2}), w = leaf({3, 4});
  sum(x * w).backward();
  const int64_t before = memory_stats().live_bytes;
  {
    const auto f = [&w](const Tensor& t) { return t * w; };
    sum(checkpoint(f, x)).backward();
    checkpoint(f, x);
  }
  CHECK(memory_stats().live_bytes == before);
}

TEST_CASE("errors of checkpoint in backward") {
  Tensor x = leaf({1, 2}), w = leaf({3, 4});
  w.set_name("attend.weight");
  SUBCASE("a weight that was changed") {
    const Tensor loss = sum(checkpoint([&](const Tensor& t) { return t * w; }, x));
    no_grad([&] { w.sub_(1); });
    CHECK(error_of<GraphError>([&] { loss.backward(); }) ==
          "backward: 'attend.weight' [2], saved by checkpoint, was changed in place by sub_ "
          "afterwards; write h = h - x");
  }
  SUBCASE("an input that the function itself changes") {
    const Tensor data = tensor_of({2}, {1, 2}, f64);
    const auto f = [&](const Tensor& t) { return t.mul_(2) * w; };
    const Tensor loss = sum(checkpoint(f, data));
    CHECK(error_of<GraphError>([&] { loss.backward(); }) ==
          "backward: an operand [2], saved by checkpoint, was changed in place by mul_ afterwards; "
          "write h = h * x");
  }
  SUBCASE("a captured weight that the function itself changes") {
    const auto f = [&](const Tensor& t) { return t * w.add_(1); };
    const Tensor loss = sum(checkpoint(f, x));
    CHECK(error_of<GraphError>([&] { loss.backward(); }) ==
          "backward: 'attend.weight' [2], saved by checkpoint, was changed in place by add_ "
          "afterwards; write h = h + x");
  }
  SUBCASE("captured data, and a part of it, that was changed") {
    const Tensor data = tensor_of({4}, {1, 2, 3, 4}, f64);
    const Tensor loss =
        sum(checkpoint([&](const Tensor& t) { return t * data.slice(0, 1, 3); }, x));
    data.fill_(5);
    CHECK(
        error_of<GraphError>([&] { loss.backward(); }) ==
        "backward: an operand [4], saved by checkpoint, was changed in place by fill_ afterwards; "
        "compute a new tensor instead of changing it");
  }
  SUBCASE("not what the function makes and changes, nor counts that it keeps") {
    const Tensor count = zeros({}, f64);
    const auto f = [&](const Tensor& t) {
      count.add_(1);
      const Tensor twice = zeros({2}, f64);
      twice.add_(2);
      return t * twice * w;
    };
    sum(checkpoint(f, x)).backward();
    CHECK(values(x.grad()) == Doubles{6, 8});
    CHECK(count.item() == 2);
  }
  SUBCASE("not an input that is no longer tracked") {
    const Tensor loss = sum(checkpoint([&](const Tensor& t) { return t * w; }, x));
    x.set_requires_grad(false);
    loss.backward();
    CHECK_FALSE(x.grad().defined());
    CHECK(values(w.grad()) == Doubles{1, 2});
  }
  SUBCASE("a function that does something else") {
    bool again = false;
    const auto f = [&](const Tensor& t) { return again ? sum(t) : t * w; };
    const Tensor loss = sum(checkpoint(f, x));
    again = true;
    CHECK(
        error_of<GraphError>([&] { loss.backward(); }) ==
        "checkpoint: result 0 was [2] and is [] when computed again; the function must do the same "
        "both times");
  }
  SUBCASE("a second backward") {
    const Tensor loss = sum(checkpoint([&](const Tensor& t) { return t * w; }, x));
    loss.backward();
    CHECK_THROWS_AS(loss.backward(), GraphError);
  }
}

}  // namespace tapehead::checkpoint_test
