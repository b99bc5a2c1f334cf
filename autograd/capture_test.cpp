#include "tapehead/autograd/capture.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/anomaly.h"
#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/checkpoint.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/vmap.h"
#include "tapehead/core/allocator.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/captured_loop.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/threads.h"

namespace tapehead::capture_test {

using namespace testing;

namespace {

using Model = TwoParameters;

// An op that relies on its members being new in each use.
struct Appending : CustomOp {
  static constexpr const char* kName = "appending";
  std::vector<double> factors;
  bool used = false;
  Tensor forward(const Tensor& x, double factor) {
    CHECK(!used);
    used = true;
    factors.push_back(factor);
    save(x);
    return x * factors.at(0);
  }
  Tensor backward(const Tensor& dy) const {
    REQUIRE(factors.size() == 1);
    return dy * factors[0] + 0 * saved(0);
  }
};

// Its constructor may throw, so its nodes are not constructed in the recording's memory.
struct Throwing : CustomOp {
  Tensor factor = full({}, 2.0);
  Tensor forward(const Tensor& x) { return x * factor; }
  Tensor backward(const Tensor& dy) const { return dy * factor; }
};

struct NamedLoop {
  std::string name;
  std::function<Loop()> make;
};

std::vector<NamedLoop> loops() {
  const auto pair = [](const Tensor& t) { return mean(square(t)); };
  return {
      {"layers", loop_of([=](const Model& m, int i) {
         Tensor h = m.x(i);
         for (int k = 0; k < 5; ++k) h = tanh(linear(h, m.w, m.b));
         return pair(h);
       })},
      {"in-place ops and views", loop_of([=](const Model& m, int i) {
         Tensor h = matmul(m.x(i), m.w);
         h[0] = h[1] * 2;
         h.slice(1, 0, 2).add_(m.b.slice(0, 1, 3));
         h.mul_(0.5 + i);
         return pair(h.reshape({2, 6}).transpose(0, 1));
       })},
      {"hooks", loop_of([=](const Model& m, int i) {
         const Tensor h = matmul(m.x(i), m.w);
         h.register_hook([i](const Tensor& grad) { return grad * (1 + i); });
         h.retain_grad();
         const Tensor l = pair(h + m.b);
         l.register_hook([](const Tensor&) {});
         return l;
       })},
      {"random numbers", loop_of([=](const Model& m, int i) {
         return pair(dropout(matmul(m.x(i), m.w), 0.3) * rand({4}) + m.b);
       })},
      {"custom ops", loop_of([=](const Model& m, int i) {
         return pair(apply<Throwing>(apply<Appending>(matmul(m.x(i), m.w), i + 0.5)) + m.b);
       })},
      {"a checkpoint", loop_of([=](const Model& m, int i) {
         const Tensor h = checkpoint(
             [&](const Tensor& x) { return dropout(tanh(linear(x, m.w, m.b)), 0.2); }, m.x(i));
         return pair(matmul(h, m.w));
       })},
      {"autocast", loop_of([=](const Model& m, int i) {
         return autocast(bf16, [&] { return pair(tanh(linear(m.x(i), m.w, m.b))); });
       })},
      {"several operands and results", loop_of([=](const Model& m, int i) {
         const std::vector<Tensor> rows = unbind(cat({matmul(m.x(i), m.w), m.w, m.w}), 0);
         const auto [values, indices] = topk(stack({rows[3], rows[0], rows[9]}), 2);
         return pair(values) + pair(rows[1] * m.b);
       })},
      {"two backward passes", loop_of([=](const Model& m, int i) {
         pair(matmul(m.x(i), m.w)).backward();
         return pair(m.x(i) + m.b);
       })},
      {"a graph kept for a second pass", loop_of([=](const Model& m, int i) {
         const Tensor h = tanh(matmul(m.x(i), m.w));
         sum(h).backward({.retain_graph = true});
         return pair(h + m.b);
       })},
      {"second derivatives", loop_of([=](const Model& m, int i) {
         const Tensor l = pair(tanh(linear(m.x(i), m.w, m.b)));
         return l + sum(square(grad({l}, {m.w}, {.create_graph = true})[0]));
       })},
      {"a branch without backward", loop_of([=](const Model& m, int i) {
         const Tensor h = tanh(linear(m.x(i), m.w, m.b)), unused = h * exp(h);
         return pair(h) * unused.detach().mean();
       })},
      {"vmap", loop_of([=](const Model& m, int i) {
         return sum(vmap([&](const Tensor& x) { return pair(tanh(x * m.b)); })(m.x(i))) + pair(m.w);
       })},
      {"anomaly mode", loop_of([=](const Model& m, int i) {
         const DetectAnomalyGuard watch;
         return pair(linear(m.x(i), m.w, m.b));
       })},
  };
}

}  // namespace

TEST_CASE("captured steps compute the same bits as plain ones") {
  for (const NamedLoop& loop : loops()) {
    CAPTURE(loop.name);
    for (const int threads : {1, 2, 4}) {
      CAPTURE(threads);
      const Threads scope(threads);
      const LoopResult plain = run_loop(loop.make, false), captured = run_loop(loop.make, true);
      CHECK(captured.results == plain.results);
      CHECK(captured.state == plain.state);
      CHECK(captured.stats.recordings == 1);
      CHECK(captured.stats.replays == 5);
      CHECK(captured.last_mismatch == "");
    }
  }
}

TEST_CASE("a replayed step makes no nodes and tensors") {
  const Model m;
  const Tensor x = m.x(0);
  auto step = capture([&] {
    Tensor h = x;
    for (int k = 0; k < 3; ++k) h = apply<Appending>(tanh(linear(h, m.w, m.b)), 0.5);
    const Tensor loss = mean(square(h));
    loss.backward();
    m.descend();
    return loss;
  });
  CHECK(step.stats().recordings == 0);
  step();
  CHECK(step.stats().recordings == 1);
  CHECK(step.stats().new_nodes == 11);
  CHECK(step.stats().new_tensors > 11);
  step();
  step();
  CHECK(step.stats().replays == 2);
  CHECK(step.stats().new_nodes == 0);
  CHECK(step.stats().new_tensors == 1);  // the result of the call before was released after it
  const Tensor kept = step();
  step();
  CHECK(step.stats().new_nodes == 1);  // that of the kept loss
}

TEST_CASE("tensors and graphs that outlive a captured step are not touched by the next") {
  const Model m;
  auto step = capture([&](int i) {
    const Tensor h = tanh(linear(full({3, 4}, i), m.w, m.b));
    return std::vector<Tensor>{h, h.slice(0, 0, 1), sum(h * h)};
  });
  const auto plain = [&](int i) {
    const Tensor h = tanh(linear(full({3, 4}, i), m.w, m.b));
    return sum(h * h);
  };
  std::vector<std::vector<Tensor>> kept;
  std::vector<std::string> before;
  for (int i = 0; i < 4; ++i) {
    kept.push_back(step(i));
    for (const Tensor& t : kept.back()) before.push_back(bits(t));
  }
  std::vector<std::string> after;
  for (const auto& tensors : kept)
    for (const Tensor& t : tensors) after.push_back(bits(t));
  CHECK(after == before);
  for (int i = 3; i >= 0; --i) {  // the graph of each call is its own
    m.w.set_grad({});
    kept[static_cast<size_t>(i)][2].backward();
    const std::string gradient = bits(m.w.grad());
    m.w.set_grad({});
    plain(i).backward();
    CHECK(gradient == bits(m.w.grad()));
  }
}

TEST_CASE("backward() after a captured step gives up its recording") {
  const auto make = [] {
    const Model m;
    const auto loss = std::make_shared<Tensor>();
    return Loop{[=](int i) {
                  if (loss->defined()) {
                    loss->backward();
                    m.descend();
                  }
                  return *loss = sum(tanh(linear(m.x(i), m.w, m.b)));
                },
                {m.w, m.b}};
  };
  CHECK(run_loop(make, true).results == run_loop(make, false).results);
  const Model m;
  auto step = capture([&](int i) { return sum(tanh(linear(full({3, 4}, i), m.w, m.b))); });
  for (int i = 0; i < 3; ++i) {
    m.w.set_grad({});
    step(i).backward();
    const std::string gradient = bits(m.w.grad());
    m.w.set_grad({});
    sum(tanh(linear(full({3, 4}, i), m.w, m.b))).backward();
    CHECK(gradient == bits(m.w.grad()));
  }
  CHECK(step.stats().recordings == 3);
  CHECK(step.last_mismatch() ==
        "backward() ran through the graph after the step; call it inside of the step");
}

TEST_CASE("a loss of an earlier captured step does not run backward through a later one") {
  const Model m;
  auto step = capture([&] {
    const Tensor loss = sum(tanh(linear(m.x(0), m.w, m.b)));
    loss.backward();
    return loss;
  });
  const Tensor first = step();
  const Tensor second = step();
  CHECK_THROWS_AS(first.backward(), GraphError);
  CHECK(error_of<GraphError>([&] { second.backward(); }) ==
        "backward: this graph was released by an earlier backward(); pass retain_graph the first "
        "time, or add the losses up");
  m.w.set_grad({});
  step();
  const std::string gradient = bits(m.w.grad());
  m.w.set_grad({});
  step();
  CHECK(gradient.size() == bits(m.w.grad()).size());
}

TEST_CASE("exceptions leave a captured step usable") {
  const auto make = [](int failing_op) {
    return [=] {
      const Model m;
      return Loop{[=](int i) -> Tensor {
                    Tensor h = linear(m.x(i), m.w, m.b);
                    if (i % 3 == 1 && failing_op == 0) throw std::runtime_error("stop");
                    if (i % 3 == 1 && failing_op == 1) h = matmul(h, zeros({5, 5}));
                    if (failing_op == 2)
                      h.register_hook([i](const Tensor&) {
                        if (i % 3 == 1) throw std::runtime_error("stop");
                      });
                    const Tensor l = sum(tanh(h));
                    l.backward();
                    m.descend();
                    return l;
                  },
                  {m.w, m.b}};
    };
  };
  for (const int failing_op : {0, 1, 2}) {
    CAPTURE(failing_op);
    std::vector<std::string> results[2];
    for (const bool captured : {false, true}) {
      manual_seed(3);
      const Loop loop = make(failing_op)();
      auto step = capture(loop.step);
      for (int i = 0; i < 9; ++i) {
        const auto call = [&] {
          results[captured].push_back(bits(captured ? step(i) : loop.step(i)));
        };
        if (i % 3 == 1) CHECK_THROWS(call());
        else call();
      }
      for (const Tensor& t : loop.state) results[captured].push_back(bits(t));
      if (captured) {
        CHECK(step.stats().recordings + step.stats().replays == 6);
        // An op that fails in place of the recorded one is recorded over.
        CHECK(step.stats().replays == (failing_op == 1 ? 2 : 5));
      }
    }
    CHECK(results[0] == results[1]);
  }
}

TEST_CASE("captured steps within captured steps run as part of them") {
  const Model m;
  auto inner = capture([&](const Tensor& x) { return sum(tanh(linear(x, m.w, m.b))); });
  auto outer = capture([&](const Tensor& x) {
    const Tensor loss = inner(x) + inner(x * 2);
    loss.backward();
    return loss;
  });
  const Tensor x = m.x(1);
  const double expected = (inner(x) + inner(x * 2)).item();
  const int64_t before = inner.stats().recordings + inner.stats().replays;
  for (int i = 0; i < 3; ++i) CHECK(outer(x).item() == expected);
  CHECK(outer.stats().replays == 2);
  CHECK(inner.stats().recordings + inner.stats().replays == before);

  std::function<Tensor(int)> recurse;
  auto recursive = capture([&](int depth) {
    const Tensor y = sum(m.w * depth);
    return depth == 0 ? y : y + recurse(depth - 1);
  });
  recurse = [&](int depth) { return recursive(depth); };
  CHECK(recursive(3).item() == doctest::Approx(6 * sum(m.w).item()));
  CHECK(recursive(3).item() == doctest::Approx(6 * sum(m.w).item()));
  CHECK(recursive.stats().recordings == 1);
  CHECK(recursive.stats().replays == 1);

  auto mapped = capture([&](const Tensor& row) { return sum(row * m.b); });
  CHECK(difference(vmap([&](const Tensor& row) { return mapped(row); })(x), matmul(x, m.b)) < 1e-5);
  CHECK(mapped.stats().recordings == 0);
}

TEST_CASE("captured steps can be moved and reset, and release what they keep") {
  const int64_t before = memory_stats().live_bytes;
  {
    const Model m;
    auto step = capture([&](int64_t n) {
      const Tensor loss = sum(tanh(linear(ones({n, 4}), m.w, m.b)));
      loss.backward();
      m.w.set_grad({});
      m.b.set_grad({});
      return loss.item();
    });
    const double expected = step(3);
    auto moved = std::move(step);
    CHECK(moved(3) == expected);
    CHECK(moved.stats().replays == 1);
    const int64_t while_recorded = memory_stats().live_bytes;
    moved.reset();
    CHECK(memory_stats().live_bytes < while_recorded);
    CHECK(moved(3) == expected);
    CHECK(moved.stats().recordings == 2);
    CHECK(moved.last_mismatch() == "");
    // Tensors of many shapes do not add up.
    for (int64_t n = 1; n < 100; ++n) moved(n);
    const int64_t few = memory_stats().live_bytes;
    for (int64_t n = 100; n < 1000; ++n) moved(n);
    CHECK(memory_stats().live_bytes < 40 * few);
  }
  CHECK(memory_stats().live_bytes == before);
}

}  // namespace tapehead::capture_test
