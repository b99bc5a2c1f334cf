// The instruction sets that all kernel files are compiled for, and the extensions that only some
// families use. meson.build has the compiler options of each.
#pragma once

#include <cstdint>

// Calls F(name, ...) for each instruction set, best first. Each provides all kernels.
#if defined(__x86_64__)
#define TAPEHEAD_INSTRUCTION_SETS(F, ...) \
  F(avx512 __VA_OPT__(, ) __VA_ARGS__)    \
  F(avx2 __VA_OPT__(, ) __VA_ARGS__)      \
  F(baseline __VA_OPT__(, ) __VA_ARGS__)
#else
#define TAPEHEAD_INSTRUCTION_SETS(F, ...) F(baseline __VA_OPT__(, ) __VA_ARGS__)
#endif

namespace tapehead::kernels {

// Instruction sets and extensions, best last. core/isa.cpp detects them.
#define TAPEHEAD_LEVELS(F) F(baseline) F(avx2) F(avx512) F(avx512_bf16) F(amx)

#define TAPEHEAD_ENUM(name) name,
enum class Level : uint8_t { TAPEHEAD_LEVELS(TAPEHEAD_ENUM) count };
#undef TAPEHEAD_ENUM
inline constexpr int kLevels = static_cast<int>(Level::count);

}  // namespace tapehead::kernels
