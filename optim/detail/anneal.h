// Transitions between two values.
#pragma once

#include <cmath>
#include <numbers>

#include "tapehead/optim/lr_curve.h"

namespace tapehead::optim::detail {

inline double linear(double start, double end, double progress) {
  return (1 - progress) * start + progress * end;
}
inline double cosine(double start, double end, double progress) {
  return end + (start - end) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
}
/// From `start` at progress 0 to `end` at progress 1.
inline double anneal(AnnealStrategy strategy, double start, double end, double progress) {
  return strategy == AnnealStrategy::cos ? cosine(start, end, progress)
                                         : linear(start, end, progress);
}

}  // namespace tapehead::optim::detail
