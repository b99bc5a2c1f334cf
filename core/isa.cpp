#include "tapehead/core/detail/isa.h"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string_view>

#include "tapehead/core/detail/fork.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/entry.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace tapehead::kernels {
namespace {

#define TAPEHEAD_NAME(name) #name,
constexpr const char* kNames[kLevels] = {TAPEHEAD_LEVELS(TAPEHEAD_NAME)};
#undef TAPEHEAD_NAME

constexpr uint32_t bit(Level level) { return 1u << static_cast<int>(level); }

#if defined(__x86_64__)
// GCC 12's __builtin_cpu_supports does not know AMX.
bool has_amx() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kBf16AndTiles = 1u << 22 | 1u << 24;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & kBf16AndTiles) == kBf16AndTiles;
}

bool runs(Level level) {
  switch (level) {
    case Level::baseline: return true;
    case Level::avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case Level::avx512:
      return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vl");
    case Level::avx512_bf16: return runs(Level::avx512) && __builtin_cpu_supports("avx512bf16");
    case Level::amx: return runs(Level::avx512_bf16) && has_amx();
    case Level::count: break;
  }
  return false;
}
#else
bool runs(Level level) { return level == Level::baseline; }
#endif

std::mutex& mutex() {
  static auto* const m = new std::mutex;
  return *m;
}
Entry* first_entry = nullptr;
[[maybe_unused]] const bool kIsaHeldAtFork = core::hold_at_fork(mutex());

std::vector<Level> instruction_sets_of(uint32_t cpu) {
  std::vector<Level> list;
  for (int i = kLevels - 1; i >= 0; --i)
    if (const auto level = static_cast<Level>(i); is_instruction_set(level) && (cpu & bit(level)))
      list.push_back(level);
  return list;
}

uint32_t& levels_in_use() {
  static uint32_t levels = chosen_levels(std::getenv("TAPEHEAD_ISA"), cpu_levels());
  return levels;
}

}  // namespace

bool is_instruction_set(Level level) {
#define TAPEHEAD_IS(name) level == Level::name ||
  return TAPEHEAD_INSTRUCTION_SETS(TAPEHEAD_IS) false;
#undef TAPEHEAD_IS
}

const char* level_name(Level level) { return kNames[static_cast<int>(level)]; }

uint32_t cpu_levels() {
  static const uint32_t levels = [] {
    uint32_t all = 0;
    for (int i = 0; i < kLevels; ++i)
      if (runs(static_cast<Level>(i))) all |= bit(static_cast<Level>(i));
    return all;
  }();
  return levels;
}

std::vector<Level> supported_isas() { return instruction_sets_of(cpu_levels()); }

uint32_t up_to(Level most, uint32_t levels) { return levels & (2 * bit(most) - 1); }

uint32_t chosen_levels(const char* wanted, uint32_t cpu) {
  if (!wanted) return cpu;
  for (int i = 0; i < kLevels; ++i)
    if (const auto level = static_cast<Level>(i);
        std::string_view(wanted) == level_name(level) && (cpu & bit(level)))
      return up_to(level, cpu);
  std::string supported;
  for (const Level level : instruction_sets_of(cpu))
    supported += std::string(supported.empty() ? "" : ", ") + level_name(level);
  throw ValueError(
      fmt::format("TAPEHEAD_ISA: '{}' is not an instruction set of this machine; it has {}", wanted,
                  supported));
}

uint32_t used_levels() { return levels_in_use(); }

const char* isa() {
  for (const Level level : supported_isas())
    if (used_levels() & bit(level)) return level_name(level);
  return level_name(Level::baseline);
}

void Entry::fill_for(uint32_t levels) {
  __atomic_store_n(&filled_, false, __ATOMIC_RELEASE);
  for (size_t i = 0; i < pointers_; ++i) {
    const void* taken = nullptr;
    for (const Candidate& candidate : candidates)
      if (!taken && (levels & bit(candidate.level)))
        std::memcpy(&taken, static_cast<const char*>(candidate.kernels) + i * sizeof taken,
                    sizeof taken);
    std::memcpy(static_cast<char*>(chosen_) + i * sizeof taken, &taken, sizeof taken);
  }
  __atomic_store_n(&filled_, true, __ATOMIC_RELEASE);
}

size_t Entry::missing(const Candidate& candidate) const {
  size_t count = 0;
  for (size_t i = 0; i < pointers_; ++i) {
    const void* pointer = nullptr;
    std::memcpy(&pointer, static_cast<const char*>(candidate.kernels) + i * sizeof pointer,
                sizeof pointer);
    count += !pointer;
  }
  return count;
}

void Entry::fill() {
  const uint32_t levels = used_levels();
  const std::lock_guard lock(mutex());
  if (!is_filled()) fill_for(levels);
}

void no_kernels(const char* family, DType dtype) {
  throw DTypeError(
      fmt::format("{}: {} is not supported; convert with to(f32)", family, name(dtype)));
}

bool list_entry(Entry& entry) {
  const std::lock_guard lock(mutex());
  for (const Entry* e = first_entry; e; e = e->next)
    if (e == &entry) return true;
  entry.next = first_entry;
  first_entry = &entry;
  return true;
}

void each_entry(const std::function<void(Entry&)>& f) {
  for (Entry* e = first_entry; e; e = e->next) f(*e);
}

void use_isa(Level most) {
  levels_in_use() = up_to(most, cpu_levels());
  each_entry([](Entry& entry) { entry.fill_for(used_levels()); });
}

}  // namespace tapehead::kernels
