// Behaviour when address space is short.
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tapehead/core/allocator.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/matmul.h"
#include "tapehead/core/error.h"
#include "tapehead/tests/child.h"

// Sanitizers map more than any limit and abort when memory runs out.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

using namespace tapehead;
using tapehead::test::in_child;

namespace {

// Limits this process to `more` further bytes of address space.
void limit_address_space(int64_t more) {
  int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  rlimit limit{};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = static_cast<rlim_t>(pages * getpagesize() + more);
  setrlimit(RLIMIT_AS, &limit);
}

constexpr const char* kProgram = "memory limit: a program";
constexpr const char* kMebibytes = "TAPEHEAD_TEST_MEBIBYTES";

// Runs this program again, with nothing mapped yet, to compute a product on two threads. Returns
// the last line of its output, or an empty string after 30 seconds.
std::string product(int mebibytes) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  FILE* out = ::popen(fmt::format("{}={} OMP_NUM_THREADS=2 timeout 30 '{}' -tc='{}' --no-skip",
                                  kMebibytes, mebibytes, self, kProgram)
                          .c_str(),
                      "r");
  std::string line;
  for (char some[1024]; out && std::fgets(some, sizeof some, out);) line = some;
  if (out) ::pclose(out);
  return line.substr(0, line.find('\n'));
}

}  // namespace

TEST_CASE("memory limit: a program" * doctest::skip()) {
  const char* mebibytes = std::getenv(kMebibytes);
  if (!mebibytes) return;
  limit_address_space(std::stoll(mebibytes) << 20);
  std::string text;
  try {
    const Tensor a = full({512, 512}, 2.0, f64);  // whose products are OpenBLAS's
    text = fmt::format("{}", core::matmul("matmul", a, a).data<double>()[0]);
  } catch (const OutOfMemoryError& e) {
    text = e.what();
  }
  fmt::print("{}\n", text);
  std::fflush(stdout);
  std::_Exit(0);
}

// Regression: OpenBLAS retried the mapping of its buffer forever.
TEST_CASE("memory limit: a product is right or refused, and never hangs") {
  const std::string right = "2048",
                    refused =
                        "matmul: cannot allocate the 128 MiB that OpenBLAS needs for each thread; "
                        "raise the limit of the process (ulimit -v), or use fewer "
                        "threads";
  bool any_right = false, any_refused = false;
  for (const int mebibytes : {2, 4, 16, 60, 120, 135, 200, 260, 300, 320, 350, 500, 1000}) {
    CAPTURE(mebibytes);
    const std::string text = product(mebibytes);
    CAPTURE(text);
    any_right |= text == right;
    any_refused |= text == refused;
    CHECK((text == right || text == refused || text.starts_with("memory: ")));
  }
  CHECK(any_right);
  CHECK(any_refused);
}

TEST_CASE("memory limit: a tensor that the system has no memory for") {
  const std::string text = in_child([] {
    release_cached_memory();
    limit_address_space(1 << 20);
    empty({1 << 30}, u8);
    return std::string("there");
  });
  CAPTURE(text);
  CHECK(text.starts_with("memory: 1073741888 bytes cannot be allocated while "));
  CHECK(text.ends_with(
      " are in use; make sizes or batches smaller, or raise the limit of the process (ulimit -v)"));
}

#endif
