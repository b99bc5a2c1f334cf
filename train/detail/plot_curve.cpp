#include "tapehead/train/detail/plot_curve.h"

#include <algorithm>
#include <cmath>

namespace tapehead::train {

namespace {

// The palette of Okabe and Ito for colour-blind readers, with a wine red instead of the yellow,
// which is hardly visible on white.
constexpr const char* kColours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                    "#e69f00", "#56b4e9", "#4d4d4d", "#882255"};
constexpr size_t kColourCount = std::size(kColours);

struct Point {
  double x, y;
};

// A moving average whose weights decay by `smooth` per point in both directions, so that it does
// not lag behind the curve.
std::vector<double> smoothed(const Series& s, bool log_y) {
  const size_t n = s.y.size();
  std::vector<double> sums(n), weights(n), out(n);
  const auto sweep = [&](size_t from, auto next) {
    double sum = 0, weight = 0;
    for (size_t i = from; i < n; i = next(i)) {  // below 0 it wraps around
      sum *= s.smooth;
      weight *= s.smooth;
      sums[i] += sum;
      weights[i] += weight;
      if (!drawable(s.x[i], s.y[i], log_y)) continue;
      sum += s.y[i];
      weight += 1;
    }
  };
  sweep(0, [](size_t i) { return i + 1; });
  sweep(n - 1, [](size_t i) { return i - 1; });
  for (size_t i = 0; i < n; ++i)
    out[i] = drawable(s.x[i], s.y[i], log_y) ? (sums[i] + s.y[i]) / (weights[i] + 1) : s.y[i];
  return out;
}

/// The runs of points between gaps. Of the points in a column of half a pixel, only the first,
/// lowest, highest and last are kept, so that a million points draw as fast as a thousand.
std::vector<std::vector<Point>> runs(const PlotFrame& frame, const std::vector<double>& x,
                                     const std::vector<double>& y) {
  std::vector<std::vector<Point>> out(1);
  std::vector<Point> column;
  const auto flush = [&] {
    if (column.size() > 4) {
      const auto by_y = [](Point a, Point b) { return a.y < b.y; };
      auto [low, high] = std::minmax_element(column.begin(), column.end(), by_y);
      if (high < low) std::swap(low, high);
      column = {column.front(), *low, *high, column.back()};
    }
    out.back().insert(out.back().end(), column.begin(), column.end());
    column.clear();
  };
  for (size_t i = 0; i < x.size(); ++i) {
    if (!drawable(x[i], y[i], frame.log_y)) {
      flush();
      if (!out.back().empty()) out.emplace_back();
      continue;
    }
    const Point p{frame.to_x(x[i]), frame.to_y(y[i])};
    if (!column.empty() && std::floor(2 * p.x) != std::floor(2 * column.front().x)) flush();
    column.push_back(p);
  }
  flush();
  return out;
}

void draw_marker(Svg& svg, size_t shape, Point p, const char* colour) {
  const double r = 4;
  SvgPath path;
  switch (shape % 4) {
    case 0:
      svg.element("circle", {{"cx", p.x},
                             {"cy", p.y},
                             {"r", r},
                             {"fill", colour},
                             {"stroke", "#ffffff"},
                             {"stroke-width", 1.2}});
      return;
    case 1: path.box(p.x - 3.6, p.y - 3.6, 7.2, 7.2); break;
    case 2:
      path.move(p.x, p.y - 5).line(p.x + 5, p.y).line(p.x, p.y + 5).line(p.x - 5, p.y).close();
      break;
    default: path.move(p.x, p.y - 5).line(p.x + 4.8, p.y + 3.8).line(p.x - 4.8, p.y + 3.8).close();
  }
  svg.element("path", {{"d", path.data()},
                       {"fill", colour},
                       {"stroke", "#ffffff"},
                       {"stroke-width", 1.2},
                       {"stroke-linejoin", "round"}});
}

void draw_curve(Svg& svg, const PlotFrame& frame, const std::vector<double>& x,
                const std::vector<double>& y, const char* colour, const char* dashes, bool faint) {
  SvgPath path;
  for (const auto& run : runs(frame, x, y)) {
    for (size_t i = 0; i < run.size(); ++i) {
      i == 0 ? path.move(run[i].x, run[i].y) : path.line(run[i].x, run[i].y);
    }
    if (run.size() == 1) path.line(run[0].x, run[0].y);  // round caps show it as a dot
  }
  if (path.empty()) return;
  svg.element("path", {{"d", path.data()},
                       {"fill", "none"},
                       {"stroke", colour},
                       {"stroke-width", faint ? 1.0 : 2.0},
                       {"stroke-opacity", faint ? 0.28 : 1.0},
                       {"stroke-dasharray", dashes},
                       {"stroke-linejoin", "round"},
                       {"stroke-linecap", "round"}});
}

const char* dashes_of(size_t index) { return index / kColourCount % 2 ? "6 4" : "none"; }

}  // namespace

double PlotFrame::to_x(double value) const {
  return left + (value - x.low) / (x.high - x.low) * (right - left);
}

double PlotFrame::to_y(double value) const {
  const auto place = [&](double v) { return log_y ? std::log(v) : v; };
  const double part = (place(value) - place(y.low)) / (place(y.high) - place(y.low));
  return bottom - part * (bottom - top);
}

bool drawable(double x, double y, bool log_y) {
  return std::abs(x) <= 1e100 && std::abs(y) <= 1e100 && (!log_y || y >= 1e-100);
}

void draw_series(Svg& svg, const PlotFrame& frame, const Series& s, size_t index) {
  const char* colour = kColours[index % kColourCount];
  if (s.mark != Mark::points) {
    if (s.smooth > 0) draw_curve(svg, frame, s.x, s.y, colour, "none", true);
    draw_curve(svg, frame, s.x, smoothed(s, frame.log_y), colour, dashes_of(index), false);
  }
  if (s.mark == Mark::line) return;
  for (size_t i = 0; i < s.x.size(); ++i) {
    if (!drawable(s.x[i], s.y[i], frame.log_y)) continue;
    draw_marker(svg, index, {frame.to_x(s.x[i]), frame.to_y(s.y[i])}, colour);
  }
}

void draw_sample(Svg& svg, double x, double y, const Series& series, size_t index) {
  const char* colour = kColours[index % kColourCount];
  if (series.mark != Mark::points) {
    svg.element("line", {{"x1", x},
                         {"y1", y},
                         {"x2", x + 26},
                         {"y2", y},
                         {"stroke", colour},
                         {"stroke-width", 2},
                         {"stroke-dasharray", dashes_of(index)}});
  }
  if (series.mark != Mark::line) draw_marker(svg, index, {x + 13, y}, colour);
}

}  // namespace tapehead::train
