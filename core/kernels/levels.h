// The instruction sets that every kernel file is compiled for, and the extensions that single
// families have better kernels for. meson.build has the compiler's options for each.
#pragma once

#include <cstdint>

// F(name, ...) for each instruction set, the best first. All of their kernels are complete.
#if defined(__x86_64__)
#define TAPEHEAD_INSTRUCTION_SETS(F, ...) \
  F(avx512 __VA_OPT__(, ) __VA_ARGS__)    \
  F(avx2 __VA_OPT__(, ) __VA_ARGS__)      \
  F(baseline __VA_OPT__(, ) __VA_ARGS__)
#else
#define TAPEHEAD_INSTRUCTION_SETS(F, ...) F(baseline __VA_OPT__(, ) __VA_ARGS__)
#endif

namespace tapehead::kernels {

// The instruction sets and the extensions, the best last. core/isa.cpp says which the CPU runs.
#define TAPEHEAD_LEVELS(F) F(baseline) F(avx2) F(avx512) F(avx512_bf16) F(amx)

#define TAPEHEAD_ENUM(name) name,
enum class Level : uint8_t { TAPEHEAD_LEVELS(TAPEHEAD_ENUM) count };
#undef TAPEHEAD_ENUM
inline constexpr int kLevels = static_cast<int>(Level::count);

}  // namespace tapehead::kernels
