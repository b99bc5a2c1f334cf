// A line search for the strong Wolfe conditions.
#pragma once

#include <cstdint>
#include <functional>

#include "tapehead/core/tensor.h"

namespace tapehead::optim::detail {

/// A point of a line.
struct LinePoint {
  double t = 0;  ///< its place
  double loss = 0;
  Tensor gradient = {};
  double slope = 0;  ///< the derivative of the loss along the line
};

struct LineSearch {
  std::function<LinePoint(double t)> evaluate;
  double direction_size;    ///< the largest |element| of the direction
  double tolerance_change;  ///< stops when the step changes by less
  int64_t max_evaluations;  ///< after the first
};

/// Searches from `start`, whose slope is negative, for a point with a loss of at most
/// start.loss + 1e-4 t start.slope and a |slope| of at most 0.9 |start.slope|, first at t. Returns
/// it, or the best point found. Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6,
/// with the safeguards of minFunc, which PyTorch also has.
LinePoint strong_wolfe(const LineSearch& search, const LinePoint& start, double t);

}  // namespace tapehead::optim::detail
