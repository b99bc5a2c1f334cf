#include "tapehead/core/parallel.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <cstring>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/matmul.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/threads.h"

using namespace tapehead;
using namespace tapehead::testing;

TEST_CASE("parallel: every task runs once, and the number of threads is kept") {
  for (const int threads : {1, 2, 3}) {
    const Threads set(threads);
    for (const int64_t tasks : {0, 1, 7}) {
      std::array<int, 7> runs{};
      core::parallel_for(tasks, [&](int64_t task) { ++runs[static_cast<size_t>(task)]; });
      for (int64_t i = 0; i < 7; ++i) CHECK(runs[static_cast<size_t>(i)] == (i < tasks ? 1 : 0));
      CHECK(num_threads() == threads);
    }
  }
}

// Regression: an exception in a parallel region terminated the program.
TEST_CASE(
    "parallel: what the first task throws reaches the caller, whatever the number of threads") {
  for (const int threads : {1, 2, 3}) {
    const Threads set(threads);
    for (const int64_t first : {0, 5, 39}) {
      CAPTURE(threads);
      CAPTURE(first);
      for (int round = 0; round < 50; ++round)
        CHECK_THROWS_WITH_AS(core::parallel_for(40,
                                                [&](int64_t task) {
                                                  if (task >= first)
                                                    throw ValueError(std::to_string(task));
                                                }),
                             std::to_string(first).c_str(), ValueError);
      std::atomic<int64_t> sum{0};
      core::parallel_for(40, [&](int64_t task) { sum += task; });
      CHECK(sum == 780);
    }
  }
}

// The smaller products are single tasks. Regression: OpenBLAS used its own threads for them.
TEST_CASE("parallel: the bits of a product do not depend on the number of threads") {
  constexpr int64_t kShapes[][3] = {{77, 999, 48},  {15, 230, 1900}, {200, 300, 120},
                                    {256, 16, 310}, {999, 333, 777}, {64, 4000, 64}};
  for (const auto& shape : kShapes) {
    CAPTURE(shape[0]);
    const auto& [m, n, k] = shape;
    Generator generator{.seed = 5};
    const Tensor a = randn({m, k}, f32, generator), b = randn({k, n}, f32, generator);
    const auto product = [&](int threads) {
      const Threads set(threads);
      return core::matmul("matmul", a, b);
    };
    const Tensor one = product(1), two = product(2);
    CHECK(std::memcmp(one.raw(), two.raw(), static_cast<size_t>(m * n) * sizeof(float)) == 0);
  }
}
