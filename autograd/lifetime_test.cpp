// When graphs are freed. Live bytes include tensors and nodes.
#include <doctest/doctest.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/allocator.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;
using namespace tapehead::testing;

namespace {

// Deep enough to overflow the stack if nodes were freed recursively.
#ifdef __SANITIZE_ADDRESS__
constexpr int64_t kVeryMany = 100'000;  // each takes 100 us under ASan
#else
constexpr int64_t kVeryMany = 1'000'000;
#endif

int64_t live() { return memory_stats().live_bytes; }

Tensor chain(Tensor x, int ops) {
  for (int i = 0; i < ops; ++i) x = x * 1;
  return x;
}

}  // namespace

TEST_CASE("a chain of very many ops runs backward and is freed") {
  const int64_t before = live();
  {
    const Tensor x = tensor_of({1}, {3}).set_requires_grad();
    Tensor loss = chain(x, kVeryMany);
    CHECK(live() > before + kVeryMany);
    loss.backward();
    CHECK(x.grad().item() == 1);
  }
  CHECK(live() == before);
}

TEST_CASE("a chain of very many ops is freed without backward") {
  const int64_t before = live();
  {
    const Tensor x = tensor_of({1}, {3}).set_requires_grad();
    chain(x, kVeryMany);
  }
  CHECK(live() == before);
}

TEST_CASE("dropping the loss frees its graph") {
  const Tensor x = tensor_of({1000}, Doubles(1000, 1)).set_requires_grad();
  sum(x * x).backward();
  const int64_t before = live();
  SUBCASE("before backward") { tanh(exp(x) * x); }
  SUBCASE("after backward") { sum(tanh(exp(x) * x)).backward(); }
  SUBCASE("after backward with retain_graph") {
    const Tensor loss = sum(tanh(exp(x) * x));
    loss.backward({.retain_graph = true});
    loss.backward({.retain_graph = true});
  }
  SUBCASE("after a backward that failed") {
    Tensor h = exp(x);
    const Tensor loss = sum(h * x);
    h.add_(1);
    CHECK_THROWS_AS(loss.backward(), GraphError);
  }
  SUBCASE("after grad with create_graph") {
    const Tensor y = sum(tanh(x * x));
    const Tensor d = grad({y}, {x}, {.create_graph = true})[0];
    const Tensor dd = grad({sum(d * d)}, {x}, {.create_graph = true})[0];
    CHECK(dd.defined());
  }
  SUBCASE("after hooks and retained gradients") {
    const Tensor h = exp(x);
    h.retain_grad();
    h.register_hook([](const Tensor& g) { return g * 2; });
    sum(h).backward();
  }
  CHECK(live() == before);
}

TEST_CASE("backward frees what ops saved as it goes") {
  const int64_t size = 1 << 20;
  const Tensor x = core::full({size / 4}, 0.5).set_requires_grad();
  Tensor loss = x;
  for (int i = 0; i < 20; ++i) loss = tanh(loss);
  loss = sum(loss);
  const int64_t recorded = live();
  loss.backward();
  CHECK(live() < recorded - 18 * size);
}

TEST_CASE("gradients replace each other without growth") {
  const Tensor x = tensor_of({100}, Doubles(100, 1)).set_requires_grad();
  sum(x * x).backward();
  const int64_t before = live();
  for (int i = 0; i < 10; ++i) sum(x * x).backward();
  CHECK(live() == before);
}
