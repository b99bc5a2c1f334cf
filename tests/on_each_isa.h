// Runs the kernels of every supported instruction set in one process.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "tapehead/core/detail/isa.h"

namespace tapehead::kernels {

/// Calls f() once with the kernels of each instruction set and extension, best first.
template <class F>
void on_each_isa(F f) {
  struct Restored {
    Level most = Level::baseline;
    Restored() {
      for (int i = 0; i < kLevels; ++i)
        if (used_levels() & 1u << i) most = static_cast<Level>(i);
    }
    ~Restored() { use_isa(most); }
  } const restored;
  for (int i = kLevels - 1; i >= 0; --i) {
    const auto level = static_cast<Level>(i);
    if (!(cpu_levels() & 1u << i)) continue;
    use_isa(level);
    CAPTURE(std::string(level_name(level)));
    f();
  }
}

}  // namespace tapehead::kernels
