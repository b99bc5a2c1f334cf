#include "tapehead/core/detail/blas.h"

#include <doctest/doctest.h>

#include "tapehead/core/detail/isa.h"
#include "tapehead/core/info.h"

namespace tapehead::core {
namespace {

const char* best_isa() { return kernels::level_name(kernels::supported_isas().front()); }

TEST_CASE("an OpenBLAS that does not know its CPU gets the kernels of another") {
  CHECK(better_core("Prescott", "avx512") == "SkylakeX");
  CHECK(better_core("Prescott", "avx2") == "Haswell");
  CHECK(better_core("Prescott", "baseline") == "");
  CHECK(better_core("Haswell", "avx512") == "");
  CHECK(better_core("neoversen1", "baseline") == "");
}

#if defined(__x86_64__)
TEST_CASE("OpenBLAS changes its kernels") {
  const std::string before = blas().core;
  REQUIRE(use_core("Prescott"));
  CHECK(blas().core == "Prescott");
  const std::string better = better_core("Prescott", best_isa());
  if (!better.empty()) {
    CHECK(info().find("warning: OpenBLAS runs its kernels for Prescott") != std::string::npos);
    REQUIRE(use_core(better));
    CHECK(blas().core == better);
  }
  REQUIRE(use_core(before));
  CHECK(blas().core == before);
}
#endif

TEST_CASE("a warning of an OpenBLAS that is slower than it could be") {
  const auto warning = [](int parallel, const char* core) {
    return blas_warning({parallel, "OpenBLAS 0.3.21", core}, "avx2");
  };
  CHECK(warning(2, "Haswell") == "");
  CHECK(warning(1, "Haswell") ==
        "warning: the loaded OpenBLAS is a pthread build (OpenBLAS 0.3.21), which does not share "
        "threads with tapehead; install its OpenMP build (Debian: "
        "libopenblas0-openmp) and build tapehead again\n");
  CHECK(warning(0, "Haswell").starts_with("warning: the loaded OpenBLAS is a sequential"));
  CHECK(warning(2, "Prescott") ==
        "warning: OpenBLAS runs its kernels for Prescott, several times slower than those for "
        "Haswell; set OPENBLAS_CORETYPE=Haswell\n");
}

}  // namespace
}  // namespace tapehead::core
