// NaN as people read it.
#pragma once

#include <cmath>

namespace tapehead::core {

/// The value to print: NaN loses its sign, which means nothing and would print as "-nan".
inline double shown(double value) { return std::isnan(value) ? NAN : value; }

}  // namespace tapehead::core
