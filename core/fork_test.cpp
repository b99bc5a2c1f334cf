// Computation in children of fork().
#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/matmul.h"
#include "tapehead/core/parallel.h"
#include "tapehead/core/random.h"
#include "tapehead/tests/child.h"

using namespace tapehead;
using tapehead::test::in_child;

namespace {

// A checksum of products and sums that use all threads.
double computed() {
  Generator generator{.seed = 3};
  const Tensor a = randn({300, 300}, f64, generator);
  double sum = 0;
  for (const double x : core::matmul("matmul", a, a).to_vector<double>()) sum += x;
  return sum;
}

int threads_of_process() {
  int count = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
    ++count;
  return count;
}

}  // namespace

// Regression: the child waited for threads that exist only in the parent.
TEST_CASE("fork: the child of a thread that used several computes the same with as many") {
  const int before = num_threads();
  for (const int threads : {1, 2, 4}) {
    CAPTURE(threads);
    set_num_threads(threads);
    const std::string wanted = std::to_string(computed());
    CHECK(in_child([] {
            return std::to_string(num_threads()) + " threads: " + std::to_string(computed());
          }) == std::to_string(threads) + " threads: " + wanted);
    CHECK(std::to_string(computed()) == wanted);
    CHECK(num_threads() == threads);
  }
  set_num_threads(before);
}

TEST_CASE("fork: the child has no other thread until an op uses several") {
  const int before = num_threads();
  set_num_threads(3);
  computed();
  CHECK(in_child([] {
          std::string text = std::to_string(threads_of_process());
          computed();
          return text + ", then " + std::to_string(threads_of_process());
        }) == "1, then 3");
  set_num_threads(before);
}

TEST_CASE("fork: a thread of the child has threads of its own") {
  const int before = num_threads();
  set_num_threads(2);
  const std::string wanted = std::to_string(computed());
  CHECK(in_child([] {
          std::string text;
          std::thread([&] {
            set_num_threads(2);
            text = std::to_string(num_threads()) + " threads: " + std::to_string(computed());
          }).join();
          return text;
        }) == "2 threads: " + wanted);
  set_num_threads(before);
}

TEST_CASE("fork: the child goes on from the parent's random state") {
  manual_seed(5);
  randn({3});
  const auto draw = [] { return std::to_string(randn({}).item()); };
  const std::string child = in_child(draw);
  CHECK(draw() == child);
}

// Meanwhile another thread keeps taking the allocator's lock.
TEST_CASE("fork: the child finds no lock held by a thread that it does not have") {
  std::atomic<bool> stop{false};
  std::thread busy([&] {
    while (!stop) core::empty({1 << 16});
  });
  for (int i = 0; i < 50; ++i) {
    const std::string text = in_child([] {
      const Tensor x = full({1 << 16}, 2);
      manual_seed(1);
      return std::to_string(x.to_vector<double>()[9]);
    });
    REQUIRE(text == "2.000000");
  }
  stop = true;
  busy.join();
}
