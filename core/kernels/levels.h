// The instruction sets that every kernel file is compiled for, and the extensions that single
// families have better kernels for. meson.build has the compiler's options for each.
#pragma once

#include <cstdint>

// F(name, ...) for each instruction set, the best first. All of their kernels are complete.
#if defined(__x86_64__)
#define TAPEHEAD_INSTRUCTION_SETS(F, ...) \
  F(avx512, ##__VA_ARGS__)                \
  F(avx2, ##__VA_ARGS__)                  \
  F(baseline, ##__VA_ARGS__)
#else
#define TAPEHEAD_INSTRUCTION_SETS(F, ...) F(baseline, ##__VA_ARGS__)
#endif

namespace tapehead::kernels {

/// A later one is preferred to an earlier one.
enum class Level : uint8_t { baseline, avx2, avx512, avx512_bf16, amx };
inline constexpr int kLevels = 5;

}  // namespace tapehead::kernels
