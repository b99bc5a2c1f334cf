// The option p of dropout layers.
#pragma once

#include <fmt/format.h>

#include "tapehead/nn/params.h"

namespace tapehead::nn::detail {

/// p itself. Throws ValueError, with the layer's name and path, when it is outside 0..1.
inline double checked_probability(const char* layer, double p, const Scope& at) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("{}: p = {} is outside 0..1 (in {})", layer, p, at.path()));
  return p;
}

}  // namespace tapehead::nn::detail
