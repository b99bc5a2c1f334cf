#pragma once

#include "tapehead/core/shape.h"

namespace tapehead::core {

/// A row-major tensor split at one axis: [outer, n, inner].
struct AxisSplit {
  int64_t outer = 1, n = 1, inner = 1;
  AxisSplit(const Shape& shape, int axis) {
    for (int i = 0; i < shape.rank(); ++i) (i < axis ? outer : i > axis ? inner : n) *= shape[i];
  }
};

}  // namespace tapehead::core
