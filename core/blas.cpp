#include "tapehead/core/detail/blas.h"

#include <cblas.h>
#include <fmt/format.h>

#include <cstdlib>

#include "tapehead/core/detail/isa.h"

// How an OpenBLAS with the kernels of many CPUs takes those of one. Not in its headers, and not in
// a build for one CPU.
extern "C" {
void gotoblas_dynamic_init() __attribute__((weak));
void gotoblas_dynamic_quit() __attribute__((weak));
}

namespace tapehead::core {
namespace {

constexpr const char* kVariable = "OPENBLAS_CORETYPE";

// Before main, while there is one thread: others may read the environment, or multiply.
[[maybe_unused]] const bool kChosen = [] {
  if (std::getenv(kVariable)) return false;
  const std::string core =
      better_core(openblas_get_corename(), kernels::supported_tables().front()->isa);
  return !core.empty() && use_core(core);
}();

}  // namespace

Blas blas() {
  std::string_view config = openblas_get_config();
  while (config.ends_with(' ')) config.remove_suffix(1);
  return {openblas_get_parallel(), std::string(config), openblas_get_corename()};
}

std::string better_core(std::string_view core, std::string_view isa) {
  if (core != "Prescott") return "";
  return isa == "avx512" ? "SkylakeX" : isa == "avx2" ? "Haswell" : "";
}

bool use_core(const std::string& core) {
  if (!gotoblas_dynamic_init || !gotoblas_dynamic_quit) return false;
  const char* wanted = std::getenv(kVariable);
  const std::string before = wanted ? wanted : "";
  setenv(kVariable, core.c_str(), 1);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  if (wanted) setenv(kVariable, before.c_str(), 1);
  else unsetenv(kVariable);
  return true;
}

std::string blas_warning(const Blas& blas, std::string_view isa) {
  std::string text;
  if (blas.parallel != OPENBLAS_OPENMP)
    text += fmt::format(
        "warning: the OpenBLAS that runs is a {} build ({}), whose threads and ours would get in "
        "each other's way; install its OpenMP build (Debian: libopenblas0-openmp) and build "
        "tapehead again\n",
        blas.parallel == OPENBLAS_THREAD ? "pthread" : "sequential", blas.config);
  if (const std::string core = better_core(blas.core, isa); !core.empty())
    text += fmt::format(
        "warning: OpenBLAS runs its kernels for {}, several times slower than those for {}; set "
        "{}={}\n",
        blas.core, core, kVariable, core);
  return text;
}

}  // namespace tapehead::core
