// The program of the unit tests. TAPEHEAD_ISA chooses the instruction set of the kernels; on a CPU
// without it the program exits with 77, which meson counts as skipped.
#include <doctest/doctest.h>

#include <cstdio>

#include "tapehead/core/detail/isa.h"
#include "tapehead/core/error.h"

int main(int argc, char** argv) {
  constexpr int kSkipped = 77;
  try {
    tapehead::kernels::used_levels();
  } catch (const tapehead::ValueError& error) {
    std::puts(error.what());
    return kSkipped;
  }
  return doctest::Context(argc, argv).run();
}
