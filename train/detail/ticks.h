// Where an axis puts its ticks, and what it writes there.
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

/// Ticks at multiples of 1, 2 or 5 × 10ⁿ, about `count` of them, over low..high, within ±1e300.
/// Round::outward moves the ends of the axis to ticks. A range without extent is widened.
Axis linear_axis(double low, double high, int count, Round round, bool integers = false);

/// For low..high within 1e-300..1e300: decades, or 1-2-5 within less than three of them, or linear
/// ticks within a ratio of less than four.
Axis log_axis(double low, double high, int count);

}  // namespace tapehead::train
