#include "tapehead/core/detail/isa.h"

#include <doctest/doctest.h>

#include "tapehead/core/error.h"
#include "tapehead/core/kernels/family.h"

// A family of two functions, one of which has an AMX version.
namespace tapehead::kernels {
struct TrialKernels {
  int (*first)();
  int (*second)();
};
}  // namespace tapehead::kernels
TAPEHEAD_KERNELS(trial, TrialKernels, "", amx)

namespace tapehead::kernels {

#define TAPEHEAD_DEFINE_TRIAL(level)                                                           \
  namespace level {                                                                            \
  const TrialKernels trial_kernels = {                                                         \
      [] { return static_cast<int>(Level::level); },                                           \
      Level::level == Level::amx ? nullptr : +[] { return -static_cast<int>(Level::level); }}; \
  }
TAPEHEAD_INSTRUCTION_SETS(TAPEHEAD_DEFINE_TRIAL)
#if defined(__x86_64__)
TAPEHEAD_DEFINE_TRIAL(amx)
#endif

namespace {

constexpr uint32_t bits(std::initializer_list<Level> levels) {
  uint32_t all = 0;
  for (const Level level : levels) all |= 1u << static_cast<int>(level);
  return all;
}

TEST_CASE("an entry takes each pointer from the best candidate that the CPU runs") {
  struct Case {
    uint32_t cpu;
    Level first, second;
  };
  using enum Level;
  const Case cases[] = {
    {bits({baseline}), baseline, baseline},
#if defined(__x86_64__)
    {bits({baseline, avx2}), avx2, avx2},
    {bits({baseline, avx2, avx512}), avx512, avx512},
    {bits({baseline, avx2, avx512, avx512_bf16}), avx512, avx512},
    {bits({baseline, avx2, avx512, avx512_bf16, amx}), amx, avx512},
    {bits({baseline, amx}), amx, baseline},
#endif
  };
  for (const Case& c : cases) {
    CAPTURE(c.cpu);
    trial_kernels_entry.fill_for(c.cpu);
    CHECK(trial().first() == static_cast<int>(c.first));
    CHECK(trial().second() == -static_cast<int>(c.second));
  }
}

TEST_CASE("TAPEHEAD_ISA leaves out what is better, and must be what the CPU runs") {
  using enum Level;
  const uint32_t all = bits({baseline, avx2, avx512, avx512_bf16, amx});
  CHECK(chosen_levels(nullptr, all) == all);
  CHECK(chosen_levels("amx", all) == all);
  CHECK(chosen_levels("avx512", all) == bits({baseline, avx2, avx512}));
  CHECK(chosen_levels("avx2", bits({baseline, avx2})) == bits({baseline, avx2}));
  CHECK(chosen_levels("baseline", all) == bits({baseline}));
#if defined(__x86_64__)
  CHECK_THROWS_WITH_AS(chosen_levels("avx512", bits({baseline, avx2})),
                       "TAPEHEAD_ISA: 'avx512' is not an instruction set of this machine; it has "
                       "avx2, baseline",
                       ValueError);
#endif
  CHECK_THROWS_WITH_AS(chosen_levels("sse9", bits({baseline})),
                       "TAPEHEAD_ISA: 'sse9' is not an instruction set of this machine; it has "
                       "baseline",
                       ValueError);
}

TEST_CASE("what kernels use is what the CPU runs") {
  CHECK((used_levels() & ~cpu_levels()) == 0);
  CHECK((used_levels() & 1u) == 1);
  REQUIRE(supported_isas().size() > 0);
  CHECK(supported_isas().back() == Level::baseline);
}

TEST_CASE("use_isa fills the whole table again") {
  const Level best = supported_isas().front();
  const uint32_t before = used_levels();
  use_isa(Level::baseline);
  CHECK(std::string(isa()) == "baseline");
  each_entry([](Entry& entry) { CHECK(entry.is_filled()); });
  CHECK(trial().first() == static_cast<int>(Level::baseline));
  use_isa(best);
  CHECK(trial().first() == static_cast<int>(best));
  for (int i = 0; i < kLevels; ++i)
    if (before & 1u << i) use_isa(static_cast<Level>(i));
  CHECK(used_levels() == before);
}

TEST_CASE("an entry is listed once") {
  int found = 0;
  list_entry(trial_kernels_entry);
  each_entry([&](Entry& entry) { found += &entry == &trial_kernels_entry; });
  CHECK(found == 1);
}

}  // namespace
}  // namespace tapehead::kernels
