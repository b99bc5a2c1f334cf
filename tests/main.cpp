// main() of the unit tests. TAPEHEAD_ISA selects the kernels' instruction set; if the CPU lacks it,
// the program exits with 77, which meson reports as skipped.
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
