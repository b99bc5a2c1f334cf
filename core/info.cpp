#include "tapehead/core/info.h"

#include <fmt/format.h>

#include <cstring>
#include <string_view>

#include "tapehead/core/allocator.h"
#include "tapehead/core/detail/blas.h"
#include "tapehead/core/detail/isa.h"
#include "tapehead/core/parallel.h"
#include "tapehead/core/version.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tapehead {
namespace {

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::string cpu_model() {
#if defined(__x86_64__)
  unsigned words[12] = {};
  for (unsigned i = 0; i < 3; ++i)
    if (!__get_cpuid(0x80000002 + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2],
                     &words[4 * i + 3]))
      return "unknown";
  char name[sizeof words + 1] = {};
  std::memcpy(name, words, sizeof words);
  return trimmed(name);
#else
  return "unknown";
#endif
}

}  // namespace

std::string info() {
  const MemoryStats memory = memory_stats();
  const auto megabytes = [](int64_t bytes) { return static_cast<double>(bytes) / 1e6; };
  const core::Blas blas = core::blas();
  return fmt::format(
             "tapehead {}\n"
             "cpu      {}\n"
             "kernels  {}\n"
             "threads  {}\n"
             "blas     {}, core {}\n"
             "memory   {:.1f} MB live, {:.1f} MB at the peak, {:.1f} MB cached\n",
             TAPEHEAD_VERSION, cpu_model(), kernels::isa(), num_threads(), blas.config, blas.core,
             megabytes(memory.live_bytes), megabytes(memory.peak_bytes),
             megabytes(memory.cached_bytes)) +
         core::blas_warning(blas, kernels::level_name(kernels::supported_isas().front()));
}

}  // namespace tapehead
