#include <cstdlib>
#include <string_view>

#include <fmt/format.h>

#include "tapehead/core/detail/isa.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/isa.h"

namespace tapehead::kernels {
namespace {

const Table& choose() {
  const char* wanted = std::getenv("TAPEHEAD_ISA");
  std::string supported;
  for (const Table* table : supported_tables()) {
    if (!wanted || std::string_view(wanted) == table->isa) return *table;
    supported += std::string(supported.empty() ? "" : ", ") + table->isa;
  }
  throw ValueError(
      fmt::format("TAPEHEAD_ISA: '{}' is not an instruction set of this machine; it has {}", wanted,
                  supported));
}

}  // namespace

std::vector<const Table*> supported_tables() {
  std::vector<const Table*> tables;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    tables.push_back(&avx512::table);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    tables.push_back(&avx2::table);
#endif
  tables.push_back(&baseline::table);
  return tables;
}

const Table& table() {
  static const Table& chosen = choose();
  return chosen;
}

}  // namespace tapehead::kernels
