#include "tapehead/train/detail/ticks.h"

#include <doctest/doctest.h>

using namespace tapehead::train;

namespace {
std::string labels(const Axis& axis) {
  std::string out;
  for (const Tick& tick : axis.ticks) out += (out.empty() ? "" : " ") + tick.label;
  return out;
}
}  // namespace

TEST_CASE("ticks: linear axes use 1, 2 and 5") {
  const struct {
    double low, high;
    const char* text;
  } rows[] = {
      {0, 1, "0 0.2 0.4 0.6 0.8 1.0"},
      {0, 100, "0 20 40 60 80 100"},
      {13, 4210, "1,000 2,000 3,000 4,000"},
      {-3, 3, "-2 0 2"},
      {0, 2.5e6, "0 0.5M 1.0M 1.5M 2.0M 2.5M"},
      {0, 4e-5, "0 1×10⁻⁵ 2×10⁻⁵ 3×10⁻⁵ 4×10⁻⁵"},
      {3e12, 7e12, "3×10¹² 4×10¹² 5×10¹² 6×10¹² 7×10¹²"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    CHECK(labels(linear_axis(row.low, row.high, 5, Round::none)) == row.text);
  }
}

TEST_CASE("ticks: rounding outward ends the axis on ticks") {
  const Axis axis = linear_axis(0.3, 8.7, 5, Round::outward);
  CHECK(axis.low == 0);
  CHECK(axis.high == 10);
  CHECK(axis.ticks.front().at == 0);
  CHECK(axis.ticks.back().at == 10);
}

TEST_CASE("ticks: whole numbers get no ticks between them") {
  CHECK(labels(linear_axis(1, 4, 8, Round::none, true)) == "1 2 3 4");
}

TEST_CASE("ticks: log axes") {
  CHECK(labels(log_axis(0.02, 5, 5)) == "0.02 0.05 0.1 0.2 0.5 1 2 5");
  CHECK(labels(log_axis(1e-3, 100, 6)) == "0.001 0.01 0.1 1 10 100");
  CHECK(labels(log_axis(0.7, 6, 5)) == "1 2 5");
  CHECK(labels(log_axis(2, 7, 5)) == "2 3 4 5 6 7");
  CHECK(labels(log_axis(1e-12, 1, 4)) == "10⁻¹² 10⁻⁸ 10⁻⁴ 1");
  CHECK(log_axis(0.02, 5, 5).minor.size() == 14);
}

TEST_CASE("ticks: ranges that nobody chose still give an axis") {
  const double ends[] = {-1e300, -1, 0, 1e-300, 1e-9, 1, 1 + 1e-15, 1e15, 1e15 + 1, 1e300};
  for (const double low : ends) {
    for (const double high : ends) {
      if (low > high) continue;
      CAPTURE(low);
      CAPTURE(high);
      const Axis linear = linear_axis(low, high, 5, Round::none);
      CHECK(linear.low < linear.high);
      CHECK(linear.ticks.size() < 20);
      if (low <= 0) continue;
      const Axis log = log_axis(low, high, 5);
      CHECK(log.low < log.high);
      CHECK(log.ticks.size() < 20);
    }
  }
}
