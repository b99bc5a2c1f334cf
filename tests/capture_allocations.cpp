// Counts the allocations of a captured training step, of all threads.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "tapehead/autograd/capture.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/allocator.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/linear.h"
#include "tapehead/optim/adamw.h"
#include "tapehead/tests/threads.h"

namespace {

std::atomic<int64_t> allocations{0};

}  // namespace

// operator new calls these, too. NOLINTBEGIN(bugprone-reserved-identifier,readability-*)
extern "C" {
void* __libc_malloc(size_t bytes);
void* __libc_calloc(size_t count, size_t bytes);
void* __libc_realloc(void* block, size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);

void* malloc(size_t bytes) {
  ++allocations;
  return __libc_malloc(bytes);
}
void* calloc(size_t count, size_t bytes) {
  ++allocations;
  return __libc_calloc(count, bytes);
}
void* realloc(void* block, size_t bytes) {
  ++allocations;
  return __libc_realloc(block, bytes);
}
void* aligned_alloc(size_t alignment, size_t bytes) {
  ++allocations;
  return __libc_memalign(alignment, bytes);
}
}
// NOLINTEND(bugprone-reserved-identifier,readability-*)

namespace tapehead {

using testing::Threads;

TEST_CASE("a replayed step of a network of linear layers allocates nothing") {
  for (const int threads : {1, 2, 4}) {
    CAPTURE(threads);
    const Threads scope(threads);
    nn::Params params;
    const auto layers = nn::stack<nn::Linear>(params / "layers", 16, 32, 32);
    optim::AdamW optimizer(params, {.lr = 1e-3, .weight_decay = 0.01});
    const Tensor input = randn({8, 32});
    auto step = capture([&] {
      optimizer.zero_grad();
      Tensor x = input;
      for (const nn::Linear& layer : layers) x = tanh(layer(x));
      const Tensor loss = mean(square(x));
      loss.backward();
      optimizer.step();
      return loss;
    });
    Tensor loss;
    for (int i = 0; i < 4; ++i) loss = step();
    const int64_t before = allocations;
    const Tensor first = step();  // `loss` is still the result of the call before
    const int64_t while_kept = allocations - before;
    loss = Tensor();
    for (int i = 0; i < 10; ++i) CHECK(step().item() < first.item());
    CHECK(while_kept == 0);
    CHECK(allocations - before == 0);
    CHECK(step.stats().new_nodes == 0);
    CHECK(step.stats().replays == 14);
    // The counter counts.
    void* volatile block = ::operator new(100);
    ::operator delete(block);
    CHECK(allocations - before > 0);
  }
}

}  // namespace tapehead
