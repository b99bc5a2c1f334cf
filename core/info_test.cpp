#include "tapehead/core/info.h"

#include <doctest/doctest.h>

#include "tapehead/core/detail/isa.h"
#include "tapehead/core/version.h"

namespace tapehead {
namespace {

TEST_CASE("info tells what runs, without a warning where all is well") {
  const std::string text = info();
  CAPTURE(text);
  CHECK(text.starts_with("tapehead " TAPEHEAD_VERSION "\ncpu      "));
  CHECK(text.find(std::string("kernels  ") + kernels::isa() + "\n") != std::string::npos);
  CHECK(text.find("blas     OpenBLAS ") != std::string::npos);
  CHECK(text.find("USE_OPENMP") != std::string::npos);
  CHECK(text.find("warning") == std::string::npos);
  CHECK(text.ends_with(" MB cached\n"));
}

}  // namespace
}  // namespace tapehead
