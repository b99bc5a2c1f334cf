#include "tapehead/core/info.h"

#include <doctest/doctest.h>

#include "tapehead/core/detail/info.h"
#include "tapehead/core/kernels/kernels.h"
#include "tapehead/core/version.h"

namespace tapehead {
namespace {

TEST_CASE("info tells what runs, without a warning where all is well") {
  const std::string text = info();
  CAPTURE(text);
  CHECK(text.starts_with("tapehead " TAPEHEAD_VERSION "\ncpu      "));
  CHECK(text.find(std::string("kernels  ") + kernels::table().isa + "\n") != std::string::npos);
  CHECK(text.find("blas     OpenBLAS ") != std::string::npos);
  CHECK(text.find("USE_OPENMP") != std::string::npos);
  CHECK(text.find("warning") == std::string::npos);
  CHECK(text.ends_with(" MB cached\n"));
}

TEST_CASE("info warns of another build of OpenBLAS") {
  CHECK(detail::blas_warning(2, "OpenBLAS 0.3.21 USE_OPENMP") == "");
  CHECK(detail::blas_warning(1, "OpenBLAS 0.3.21 Haswell") ==
        "warning: the OpenBLAS that runs is a pthread build (OpenBLAS 0.3.21 Haswell), whose "
        "threads and "
        "ours would get in each other's way; install its OpenMP build (Debian: "
        "libopenblas0-openmp) and "
        "build tapehead again\n");
  CHECK(detail::blas_warning(0, "OpenBLAS")
            .starts_with("warning: the OpenBLAS that runs is a sequential"));
}

}  // namespace
}  // namespace tapehead
