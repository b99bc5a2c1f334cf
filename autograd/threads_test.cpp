// Backward passes in several threads over the same tensors.
#include <doctest/doctest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tapehead/autograd/capture.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::threads_test {

using namespace testing;

namespace {

// Runs f(thread) in threads that start together. Returns the messages of their exceptions.
std::vector<std::string> at_once(int count, const std::function<void(int)>& f) {
  std::vector<std::string> errors(static_cast<size_t>(count));
  std::vector<std::thread> threads;
  threads.reserve(static_cast<size_t>(count));
  std::atomic<int> waiting{count};
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      --waiting;
      while (waiting > 0) std::this_thread::yield();
      try {
        f(i);
      } catch (const std::exception& e) {
        errors[static_cast<size_t>(i)] = e.what();
      }
    });
  for (std::thread& t : threads) t.join();
  std::erase(errors, "");
  return errors;
}

using Texts = std::vector<std::string>;

Tensor leaf(const Shape& shape, double value) {
  return core::full(shape, value).set_requires_grad();
}

bool all_are(const Tensor& t, double wanted) {
  for (const double x : values(t))
    if (x != wanted) return false;
  return true;
}

// y = 2 x, with a backward that modifies members, as ops may.
struct Counting : CustomOp {
  int calls = 0;
  Tensor forward(const Tensor& x) { return x * 2; }
  Tensor backward(const Tensor& dy) {
    const int before = calls;
    std::this_thread::yield();
    calls = before + 1;
    return dy * (2.0 * calls / (before + 1));
  }
};

}  // namespace

TEST_CASE("threads: gradients of passes that end in the same leaves are all added") {
  const Tensor w = leaf({16}, 1), b = leaf({4}, 1), x = core::full({8, 4}, 1);
  const auto errors = at_once(4, [&](int) {
    for (int i = 0; i < 200; ++i) (sum(w * 3) + sum(x * b)).backward();
  });
  CHECK(errors == Texts());
  CHECK(all_are(w.grad(), 3 * 800));
  CHECK(all_are(b.grad(), 8 * 800));
}

TEST_CASE("threads: grad() of one weight in several threads") {
  const Tensor w = leaf({4, 3}, 0.5), x = core::full({5, 3}, 2), b = leaf({4}, 1);
  const auto gradient = [&] { return values(grad({sum(square(linear(x, w, b)))}, {w})[0]); };
  const Doubles wanted = gradient();
  std::atomic<int> wrong{0};
  CHECK(at_once(4, [&](int) {
          for (int i = 0; i < 200; ++i) wrong += gradient() != wanted;
        }) == Texts());
  CHECK(wrong == 0);
  CHECK_FALSE(w.grad().defined());
}

TEST_CASE("threads: a part of the graph that they share") {
  const Tensor w = leaf({6}, 2);
  const Tensor shared = w * 3;
  shared.retain_grad();
  const auto errors = at_once(4, [&](int thread) {
    for (int i = 0; i < 100; ++i) sum(shared * (thread + 1)).backward({.retain_graph = true});
  });
  CHECK(errors == Texts());
  CHECK(all_are(shared.grad(), 100 * (1 + 2 + 3 + 4)));
  CHECK(all_are(w.grad(), 300 * (1 + 2 + 3 + 4)));
}

TEST_CASE("threads: one graph, run by several with retain_graph") {
  const Tensor w = leaf({3, 3}, 1), x = core::full({2, 3}, 1);
  const Tensor loss = sum(apply<Counting>(linear(x, w) * w[0]));
  CHECK(at_once(4, [&](int) {
          for (int i = 0; i < 100; ++i) loss.backward({.retain_graph = true});
        }) == Texts());
  const Tensor once = leaf({3, 3}, 1);
  sum(apply<Counting>(linear(x, once) * once[0])).backward();
  CHECK(values(w.grad()) == values(once.grad() * 400));
}

TEST_CASE("threads: one graph, run by several without retain_graph, is run once") {
  for (int round = 0; round < 50; ++round) {
    const Tensor w = leaf({3}, 2);
    const Tensor loss = sum(exp(w * w) * 0 + w * 5);
    const Texts errors = at_once(3, [&](int) { loss.backward(); });
    REQUIRE(errors == Texts(2,
                            "backward: this graph was released by an earlier backward(); pass "
                            "retain_graph the first time, or add the losses up"));
    REQUIRE(all_are(w.grad(), 5));
  }
}

TEST_CASE("threads: second derivatives over a shared weight") {
  const Tensor w = leaf({3}, 2);
  std::atomic<int> wrong{0};
  CHECK(at_once(4, [&](int) {
          for (int i = 0; i < 50; ++i) {
            const Tensor first = grad({sum(w * w * w)}, {w}, {.create_graph = true})[0];
            wrong += !all_are(grad({sum(first)}, {w})[0], 12);
          }
        }) == Texts());
  CHECK(wrong == 0);
}

TEST_CASE("threads: gradients that are read and cleared while others arrive") {
  const Tensor w = leaf({8}, 1);
  std::atomic<int> wrong{0};
  CHECK(at_once(3, [&](int thread) {
          for (int i = 0; i < 200; ++i) {
            if (thread > 0) sum(w * 1).backward();
            else if (const Tensor g = w.grad(); g.defined()) wrong += g.numel() != 8;
            w.set_grad({});
          }
        }) == Texts());
  CHECK(wrong == 0);
}

TEST_CASE("a captured step is recorded anew in another thread, and runs in one at a time") {
  const Tensor w = ones({4, 4}).set_requires_grad(), b = ones({4}).set_requires_grad();
  std::mutex mutex;
  std::condition_variable changed;
  bool inside = false, proceed = true;
  auto step = capture([&](int i) {
    {
      std::unique_lock lock(mutex);
      inside = true;
      changed.notify_all();
      changed.wait(lock, [&] { return proceed; });
    }
    const Tensor loss = sum(tanh(linear(full({3, 4}, i), w, b)));
    loss.backward();
    return loss.item();
  });
  const double expected = step(1);
  double other = 0;
  std::thread([&] { other = step(1); }).join();
  CHECK(other == expected);
  CHECK(step.stats().recordings == 2);
  CHECK(step.last_mismatch() == "it was called in another thread");

  inside = proceed = false;
  std::thread running([&] { other = step(1); });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return inside; });
  }
  CHECK(error_of<GraphError>([&] { step(1); }) ==
        "capture: the step is running in another thread; capture it once for each thread");
  CHECK(error_of<GraphError>([&] { step.reset(); }) ==
        "capture: the step is running; call reset() after it");
  {
    const std::lock_guard lock(mutex);
    proceed = true;
  }
  changed.notify_all();
  running.join();
  CHECK(other == expected);
  CHECK(step(1) == expected);
}

}  // namespace tapehead::threads_test
