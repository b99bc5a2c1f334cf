// Filters for resizing, as taps.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "tapehead/core/detail/taps.h"

namespace tapehead::core {
namespace {

double sinc_of(double x) {
  return x == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
}

double reach_of(ResizeFilter filter) {
  return filter == ResizeFilter::bicubic ? 2 : filter == ResizeFilter::lanczos ? 3 : 1;
}

double height_of(ResizeFilter filter, double x) {
  if (filter == ResizeFilter::bicubic) return cubic_convolution(x, -0.5);
  if (filter == ResizeFilter::lanczos) return std::abs(x) < 3 ? sinc_of(x) * sinc_of(x / 3) : 0;
  return std::max(0.0, 1 - std::abs(x));
}

}  // namespace

double cubic_convolution(double x, double a) {
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((x - 5) * x + 8) * x * a - 4 * a : 0;
}

AxisTaps resize_taps(ResizeFilter filter, int axis, int64_t size, int64_t result, double step) {
  AxisTaps taps{.axis = axis, .size = size};
  const double stretch = std::max(step, 1.0), narrowing = 1 / stretch;
  const double reach = stretch * reach_of(filter);
  for (int64_t i = 0; i < result; ++i, taps.end()) {
    const double centre = step * (static_cast<double>(i) + 0.5);
    const int64_t first =
        std::max<int64_t>(static_cast<int64_t>(std::floor(centre - reach + 0.5)), 0);
    const int64_t last = std::min(static_cast<int64_t>(std::floor(centre + reach + 0.5)), size);
    double total = 0;
    for (int64_t k = first; k < last; ++k) {
      const double w = height_of(filter, (static_cast<double>(k) - centre + 0.5) * narrowing);
      taps.add(k, w), total += w;
    }
    for (auto k = static_cast<size_t>(taps.start.back()); k < taps.weight.size(); ++k)
      taps.weight[k] /= total;
  }
  return taps;
}

}  // namespace tapehead::core
