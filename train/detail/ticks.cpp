#include "tapehead/train/detail/ticks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/train/detail/display.h"

namespace tapehead::train {

namespace {

double nice_step(double rough) {
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double lead = rough / power;
  return power * (lead <= 1.0001 ? 1 : lead <= 2.0001 ? 2 : lead <= 5.0001 ? 5 : 10);
}

std::string superscript(int exponent) {
  static constexpr const char* kDigits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = exponent < 0 ? "⁻" : "";
  for (const char c : fmt::format("{}", std::abs(exponent))) out += kDigits[c - '0'];
  return out;
}

/// `value` in steps of `step`: 0.25, 1,500, 2.5M, 3×10⁻⁵. `largest` decides for the whole axis.
std::string label(double value, double step, double largest) {
  if (value == 0) return "0";
  const int step_power = static_cast<int>(std::floor(std::log10(step) + 1e-9));
  if (largest < 1e-3 || largest >= 1e10) {
    const int power = static_cast<int>(std::floor(std::log10(largest) + 1e-9));
    const double lead = value / std::pow(10, power);
    return fmt::format("{:.{}f}×10{}", lead, std::max(0, power - step_power), superscript(power));
  }
  if (largest >= 1e6) return fmt::format("{:.{}f}M", value / 1e6, std::max(0, 6 - step_power));
  const int decimals = std::max(0, -step_power);
  return decimals ? fmt::format("{:.{}f}", value, decimals) : grouped(std::llround(value));
}

void widen(double& low, double& high) {
  const double size = std::max(std::abs(low), std::abs(high));
  if (high - low > 1e-9 * size && high > low) return;
  const double margin = size > 0 ? 0.1 * size : 0.5;
  low -= margin;
  high += margin;
}

std::string decade_label(double value, int power) {
  if (power >= -3 && power <= 4) return label(value, std::pow(10, power), value);
  const auto lead = std::llround(value / std::pow(10, power));
  return (lead == 1 ? "10" : fmt::format("{}×10", lead)) + superscript(power);
}

}  // namespace

Axis linear_axis(double low, double high, int count, Round round, bool integers) {
  widen(low, high);
  double step = nice_step((high - low) / count);
  if (integers) step = std::max(step, 1.0);
  const double slack = 1e-6;
  if (round == Round::outward) {
    low = std::floor(low / step + slack) * step;
    high = std::ceil(high / step - slack) * step;
  }
  Axis axis{low, high, {}, {}};
  const double largest = std::max(std::abs(low), std::abs(high));
  const double first = std::ceil(low / step - slack), last = std::floor(high / step + slack);
  for (double i = first; i <= last; ++i) {
    axis.ticks.push_back({std::clamp(i * step, low, high), label(i * step, step, largest)});
  }
  return axis;
}

Axis log_axis(double low, double high, int count) {
  if (high / low < 1.001) {
    low /= 1.5;
    high *= 1.5;
  }
  if (high / low < 4) return linear_axis(low, high, count, Round::none);

  const double slack = 1 + 1e-9;
  const int first = static_cast<int>(std::floor(std::log10(low * slack)));
  const int last = static_cast<int>(std::floor(std::log10(high * slack)));
  const bool wide = high / low >= 1000;
  const int stride = wide ? (last - first) / count + 1 : 1;
  Axis axis{low, high, {}, {}};
  for (int power = first; power <= last; ++power) {
    for (int lead = 1; lead < 10; ++lead) {
      const double at = lead * std::pow(10, power);
      if (at * slack < low || at > high * slack) continue;
      const bool labelled =
          wide ? lead == 1 && power % stride == 0 : lead == 1 || lead == 2 || lead == 5;
      if (labelled) axis.ticks.push_back({std::clamp(at, low, high), decade_label(at, power)});
      else if (stride == 1) axis.minor.push_back(at);
    }
  }
  return axis;
}

}  // namespace tapehead::train
