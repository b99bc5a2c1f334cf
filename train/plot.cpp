#include "tapehead/train/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/train/detail/display.h"
#include "tapehead/train/detail/plot_curve.h"

namespace tapehead::train {

namespace {

constexpr double kPlotMargin = 18, kPlotTitleSize = 16, kLabelSize = 13, kTickSize = 12;
constexpr double kLeastHeight = 80;  // of the curves

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  bool whole = true;  // all values are integers

  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
    whole = whole && value == std::floor(value);
  }
  bool empty() const { return low > high; }
};

void check(const Plot& plot) {
  if (plot.width < 240 || plot.height < 160) {
    throw ValueError(
        fmt::format("plot: a page of {} x {} pixels is too small; give at least 240 x 160",
                    plot.width, plot.height));
  }
  const auto names = static_cast<double>(plot.categories.size());
  for (const Series& s : plot.series) {
    if (s.x.size() != s.y.size()) {
      throw ShapeError(fmt::format("plot: series '{}' has {} x and {} y; give one y for each x",
                                   s.name, s.x.size(), s.y.size()));
    }
    if (!(s.smooth >= 0 && s.smooth < 1)) {
      throw ValueError(
          fmt::format("plot: series '{}' has smooth = {}; it must be in [0, 1)", s.name, s.smooth));
    }
    for (const double x : s.x) {
      if (names == 0 || !std::isfinite(x) || (x >= 0 && x <= names - 1)) continue;
      throw ValueError(fmt::format(
          "plot: series '{}' has x = {} outside 0..{}; x is an index into the {} categories",
          s.name, x, names - 1, names));
    }
  }
}

Axis category_axis(const std::vector<std::string>& names) {
  Axis axis{-0.5, static_cast<double>(names.size()) - 0.5, {}, {}};
  for (const std::string& name : names) {
    axis.ticks.push_back({static_cast<double>(axis.ticks.size()), name});
  }
  return axis;
}

Axis x_axis(const Plot& plot, double pixels) {
  if (!plot.categories.empty()) return category_axis(plot.categories);
  Range range;
  for (const Series& s : plot.series) {
    for (size_t i = 0; i < s.x.size(); ++i) {
      if (drawable(s.x[i], s.y[i], plot.log_y)) range.include(s.x[i]);
    }
  }
  if (range.empty()) return linear_axis(0, 1, 5, Round::none);
  const int count = std::max(2, static_cast<int>(pixels / 90));
  if (range.low > 0 && range.low < 0.05 * range.high)
    range.low = 0;  // a curve that starts at step 1 is shown from 0
  // If the last step is just below a round number, the axis extends to it.
  const double end = linear_axis(range.low, range.high, count, Round::outward, range.whole).high;
  if (end - range.high < 0.02 * (range.high - range.low)) range.high = end;
  return linear_axis(range.low, range.high, count, Round::none, range.whole);
}

Axis y_axis(const Plot& plot, double pixels) {
  Range range;
  for (const Series& s : plot.series) {
    for (size_t i = 0; i < s.y.size(); ++i) {
      if (drawable(s.x[i], s.y[i], plot.log_y)) range.include(s.y[i]);
    }
  }
  const int count = std::max(2, static_cast<int>(pixels / 45));
  if (range.empty()) return linear_axis(plot.log_y ? 0.1 : 0, 1, count, Round::none);
  if (plot.log_y) {
    const double margin = std::max(1.02, std::pow(range.high / range.low, 0.03));
    return log_axis(range.low / margin, range.high * margin, count);
  }
  // A range that begins near zero is shown from zero, so that heights are comparable.
  if (range.low > 0 && range.low < 0.35 * range.high) range.low = 0;
  return linear_axis(range.low, range.high, count, Round::outward);
}

void draw_axes(Svg& svg, const PlotFrame& frame, const Plot& plot) {
  svg.open("g", {{"stroke", "#e4e4e4"}, {"stroke-width", 1}});
  for (const Tick& tick : frame.y.ticks) {
    const double y = frame.to_y(tick.at);
    svg.element("line", {{"x1", frame.left}, {"y1", y}, {"x2", frame.right}, {"y2", y}});
  }
  svg.close();
  svg.open("g", {{"stroke", "#8a8a8a"}, {"stroke-width", 1}});
  svg.element(
      "line",
      {{"x1", frame.left}, {"y1", frame.bottom}, {"x2", frame.right}, {"y2", frame.bottom}});
  for (const Tick& tick : frame.x.ticks) {
    const double x = frame.to_x(tick.at);
    svg.element("line", {{"x1", x}, {"y1", frame.bottom}, {"x2", x}, {"y2", frame.bottom + 5}});
  }
  for (const double at : frame.y.minor) {
    const double y = frame.to_y(at);
    svg.element("line", {{"x1", frame.left - 4}, {"y1", y}, {"x2", frame.left}, {"y2", y}});
  }
  svg.close();
  svg.open("g", {{"fill", kSoftInk}, {"font-size", kTickSize}});
  for (const Tick& tick : frame.x.ticks) {
    svg.text(tick.label,
             {{"x", frame.to_x(tick.at)}, {"y", frame.bottom + 19}, {"text-anchor", "middle"}});
  }
  for (const Tick& tick : frame.y.ticks) {
    svg.text(tick.label,
             {{"x", frame.left - 9}, {"y", frame.to_y(tick.at) + 4}, {"text-anchor", "end"}});
  }
  svg.close();
  svg.open("g", {{"fill", kInk}, {"font-size", kLabelSize}, {"text-anchor", "middle"}});
  if (!plot.x_label.empty()) {
    svg.text(plot.x_label, {{"x", (frame.left + frame.right) / 2}, {"y", frame.bottom + 43}});
  }
  if (!plot.y_label.empty()) {
    svg.text(plot.y_label,
             {{"transform", fmt::format("translate({} {}) rotate(-90)", kPlotMargin + 8,
                                        (frame.top + frame.bottom) / 2)}});
  }
  svg.close();
}

/// A name in the legend, and the position of its sample.
struct Entry {
  std::string name;
  double x, y;
};

constexpr double kRowHeight = 20, kSample = 34, kEntryGap = 22;

/// Lays out the legend above the curves, in rows from `left`. Empty if no series has a name.
std::vector<Entry> lay_legend(const Plot& plot, double left, double top) {
  std::vector<Entry> entries;
  double x = left, y = top;
  bool named = false;
  for (const Series& s : plot.series) {
    named = named || !s.name.empty();
    std::string name = clip(s.name, 48);
    const double width = kSample + text_width(name, kLabelSize);
    if (x > left && x + width > plot.width - kPlotMargin) {
      x = left;
      y += kRowHeight;
    }
    entries.push_back({std::move(name), x, y});
    x += width + kEntryGap;
  }
  return named ? entries : std::vector<Entry>();
}

void draw_legend(Svg& svg, const Plot& plot, const std::vector<Entry>& entries) {
  svg.open("g", {{"fill", kInk}, {"font-size", kLabelSize}});
  for (size_t i = 0; i < entries.size(); ++i) {
    const double middle = entries[i].y + kRowHeight / 2;
    draw_sample(svg, entries[i].x, middle, plot.series[i], i);
    svg.text(entries[i].name, {{"x", entries[i].x + kSample}, {"y", middle + 4.5}});
  }
  svg.close();
}

double widest_label(const Axis& axis) {
  double widest = 0;
  for (const Tick& tick : axis.ticks) {
    widest = std::max(widest, text_width(tick.label, kTickSize));
  }
  return widest;
}

void draw_title(Svg& svg, const Plot& plot, double left) {
  if (plot.title.empty()) return;
  svg.text(clip(plot.title, static_cast<int64_t>((plot.width - left) / 8.5)),
           {{"x", left},
            {"y", kPlotMargin + 13},
            {"font-size", kPlotTitleSize},
            {"font-weight", "600"},
            {"fill", kInk}});
}

}  // namespace

std::string Plot::svg() const {
  check(*this);
  PlotFrame frame{kPlotMargin, kPlotMargin, width - kPlotMargin - 6, 0, {}, {}, log_y};
  if (!title.empty()) frame.top += 26;
  if (!y_label.empty()) frame.left += 22;
  // The legend begins where the labels of the y axis end, but reduces the height of the axis. The
  // labels are therefore measured on an axis of the full height, whose labels are the widest.
  frame.left += widest_label(y_axis(*this, height)) + 12;
  const std::vector<Entry> legend = lay_legend(*this, frame.left, frame.top);
  if (!legend.empty()) frame.top = legend.back().y + kRowHeight;
  frame.top += 10;
  const double below = kPlotMargin + 20 + (x_label.empty() ? 0 : 20);
  const double page_height = std::max<double>(height, frame.top + kLeastHeight + below);
  frame.bottom = page_height - below;
  frame.x = x_axis(*this, frame.right - frame.left);
  frame.y = y_axis(*this, frame.bottom - frame.top);
  frame.right = std::min(frame.right, width - 4 - widest_label(frame.x) / 2);

  Svg out(width, page_height, title);
  draw_title(out, *this, frame.left);
  draw_legend(out, *this, legend);
  draw_axes(out, frame, *this);
  for (size_t i = 0; i < series.size(); ++i) draw_series(out, frame, series[i], i);
  return out.finish();
}

void Plot::save(const std::string& path) const { write_atomic(path, svg()); }

}  // namespace tapehead::train
