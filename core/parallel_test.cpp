#include "tapehead/core/parallel.h"

#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

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

TEST_CASE("parallel: a task's own tasks run in the thread that runs it") {
  const Threads set(3);
  std::atomic<int> elsewhere{0}, runs{0};
  core::parallel_for(2, [&](int64_t) {  // so that one thread has nothing else to do
    const auto self = std::this_thread::get_id();
    core::parallel_for(20, [&](int64_t) {
      ++runs;
      elsewhere += std::this_thread::get_id() != self;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    });
  });
  CHECK(runs == 40);
  CHECK(elsewhere == 0);
}

TEST_CASE("parallel: threads of the program share the others, and each gets its own results") {
  const Threads set(3);
  constexpr int kCallers = 20;  // more than can have tasks for others at a time
  std::array<int64_t, kCallers> sums{};
  std::vector<std::thread> callers;
  callers.reserve(kCallers);
  for (int caller = 0; caller < kCallers; ++caller)
    callers.emplace_back([&sums, caller] {
      for (int round = 0; round < 100; ++round) {
        std::array<int64_t, 9> parts{};
        core::parallel_for(9,
                           [&](int64_t task) { parts[static_cast<size_t>(task)] = caller + task; });
        for (const int64_t part : parts) sums[static_cast<size_t>(caller)] += part;
      }
    });
  for (std::thread& caller : callers) caller.join();
  for (int caller = 0; caller < kCallers; ++caller)
    CHECK(sums[static_cast<size_t>(caller)] == 100 * (9 * caller + 36));
}

// On a machine whose CPUs are busy, another thread may not get one for a long time.
TEST_CASE("parallel: a region does not wait for a thread that takes none of its tasks") {
  const Threads set(2);
  std::atomic<int> occupied{0};
  std::atomic<bool> release{false};
  std::thread other([&] {
    core::parallel_for(2, [&](int64_t) {  // by this thread and the only other one
      ++occupied;
      while (!release) std::this_thread::yield();
    });
  });
  while (occupied < 2) std::this_thread::yield();
  std::atomic<int> runs{0};
  core::parallel_for(7, [&](int64_t) { ++runs; });
  CHECK(runs == 7);
  CHECK(occupied == 2);
  release = true;
  other.join();
}

TEST_CASE("parallel: a number of threads less than 1 means 1") {
  const Threads set(2);
  for (const int threads : {0, -3}) {
    set_num_threads(threads);
    CHECK(num_threads() == 1);
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
