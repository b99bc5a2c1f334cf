// Division that rounds up.
#pragma once

#include <cstdint>

namespace tapehead::core {

/// n / d, rounded up; n >= 0, d > 0.
constexpr int64_t ceil_div(int64_t n, int64_t d) { return (n + d - 1) / d; }

}  // namespace tapehead::core
