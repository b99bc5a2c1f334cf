// NaN in printed output.
#pragma once

#include <cmath>

namespace tapehead::core {

/// The value to print. The sign of NaN, which is meaningless, is dropped to avoid "-nan".
inline double shown(double value) { return std::isnan(value) ? NAN : value; }

}  // namespace tapehead::core
