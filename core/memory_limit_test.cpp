// Little address space.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <fstream>
#include <thread>

#include "tapehead/core/allocator.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/matmul.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"
#include "tapehead/tests/child.h"

// Sanitizers map more than any limit, and end the program themselves.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

using namespace tapehead;
using tapehead::test::in_child;

namespace {

// From here on this process can map so many bytes more.
void limit_address_space(int64_t more) {
  int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = static_cast<rlim_t>(pages * getpagesize() + more);
  setrlimit(RLIMIT_AS, &limit);
}

// A product on two threads in a new thread, for which OpenMP and OpenBLAS have nothing yet.
std::string product(int64_t more) {
  std::string text;
  std::thread([&] {
    try {
      limit_address_space(more);
      set_num_threads(2);
      const Tensor a = full({512, 512}, 2);
      text = std::to_string(core::matmul("matmul", a, a).to_vector<double>()[0]);
    } catch (const OutOfMemoryError& e) {
      text = e.what();
    }
  }).join();
  return text;
}

}  // namespace

// OpenBLAS asked for its buffer without end.
TEST_CASE("memory limit: a product is right or refused, and never hangs") {
  const std::string right = "2048.000000",
                    refused =
                        "matmul: the system does not give the 128 MiB that OpenBLAS takes for "
                        "each thread; raise the limit of the process (ulimit -v), or use fewer "
                        "threads";
  bool any_right = false, any_refused = false;
  for (const int64_t mebibytes : {4, 16, 60, 120, 135, 150, 200, 300, 500, 800}) {
    CAPTURE(mebibytes);
    const std::string text = in_child([&] { return product(mebibytes << 20); });
    any_right |= text == right;
    any_refused |= text == refused;
    CHECK((text == right || text == refused || text.starts_with("memory: ")));
  }
  CHECK(any_right);
  CHECK(any_refused);
}

TEST_CASE("memory limit: a tensor that the system has no memory for") {
  const std::string text = in_child([] {
    limit_address_space(1 << 20);
    release_cached_memory();
    empty({1 << 26}, u8);
    return std::string("there");
  });
  CHECK(text.starts_with("memory: 67108928 bytes cannot be had while "));
  CHECK(text.ends_with(
      " are in use; make sizes or batches smaller, or raise the limit of the process (ulimit -v)"));
}

#endif
