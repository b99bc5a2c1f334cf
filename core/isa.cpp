#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

#include "tapehead/core/error.h"
#include "tapehead/core/kernels/isa.h"

namespace tapehead::kernels {
namespace {

struct Candidate {
  const Table* table;
  bool supported;
};

const Table& choose() {
#if defined(__x86_64__)
  const Candidate candidates[] = {
      {&avx512::table, __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                           __builtin_cpu_supports("avx512vl")},
      {&avx2::table, __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")},
      {&baseline::table, true},
  };
#else
  const Candidate candidates[] = {{&baseline::table, true}};
#endif
  const char* wanted = std::getenv("TAPEHEAD_ISA");
  for (const Candidate& c : candidates)
    if (c.supported && (!wanted || std::string_view(wanted) == c.table->isa)) return *c.table;
  std::string supported;
  for (const Candidate& c : candidates)
    if (c.supported) supported += std::string(supported.empty() ? "" : ", ") + c.table->isa;
  throw ValueError(
      fmt::format("TAPEHEAD_ISA: '{}' is not an instruction set of this machine; it has {}", wanted,
                  supported));
}

}  // namespace

const Table& table() {
  static const Table& chosen = choose();
  return chosen;
}

}  // namespace tapehead::kernels
