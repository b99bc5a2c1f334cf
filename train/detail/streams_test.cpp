#include "tapehead/train/detail/streams.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace tapehead::train::detail;

namespace {

// The device of standard input; 0 if it is closed.
dev_t standard_input() {
  struct stat info {};
  return ::fstat(STDIN_FILENO, &info) == 0 ? info.st_rdev : 0;
}

}  // namespace

TEST_CASE("streams: a closed one becomes /dev/null, an open one stays") {
  struct stat null {};
  REQUIRE(::stat("/dev/null", &null) == 0);
  const int saved = ::dup(STDIN_FILENO);
  ::close(STDIN_FILENO);
  open_standard_streams();
  const dev_t opened = standard_input();
  ::close(STDIN_FILENO);
  const int zero = ::open("/dev/zero", O_RDONLY);
  const dev_t before = standard_input();
  open_standard_streams();
  const dev_t after = standard_input();
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
  CHECK(zero == STDIN_FILENO);
  CHECK(opened == null.st_rdev);
  CHECK(before != null.st_rdev);
  CHECK(after == before);
}
