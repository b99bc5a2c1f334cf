// Positions and labels of an axis's ticks.
#pragma once

#include <string>
#include <vector>

namespace tapehead::train {

struct Tick {
  double at;
  std::string label;
};

struct Axis {
  double low, high;           ///< low < high
  std::vector<Tick> ticks;    ///< all within low..high
  std::vector<double> minor;  ///< unlabelled positions between them, on log axes
};

enum class Round { none, outward };

/// An axis over low..high, within ±1e300, with about `count` ticks at multiples of 1, 2 or 5 × 10ⁿ.
/// Round::outward extends the axis to the next ticks. An empty range is widened.
Axis linear_axis(double low, double high, int count, Round round, bool integers = false);

/// A logarithmic axis over low..high, within 1e-300..1e300. Ticks are at decades, at 1-2-5 for less
/// than three decades, or linear if high / low is less than 4.
Axis log_axis(double low, double high, int count);

}  // namespace tapehead::train
