// Line charts in SVG, such as loss curves.
#pragma once

#include <string>
#include <vector>

namespace tapehead::train {

/// How points are drawn.
enum class Mark { line, line_and_points, points };

/// A named curve. An x or y that is not finite or beyond ±1e100 leaves a gap, as does a y below
/// 1e-100 on a log axis.
struct Series {
  std::string name;  ///< in the legend
  std::vector<double> x, y;
  /// Smoothing factor in [0, 1): draws a moving average whose weights decay by this factor per
  /// point in both directions, with the raw values faintly behind it.
  double smooth = 0;
  Mark mark = Mark::line;
};

/// A line chart:
///
///   Plot plot{.title = "Loss", .x_label = "step", .y_label = "cross-entropy"};
///   plot.series.push_back({.name = "train", .x = steps, .y = losses, .smooth = 0.9});
///   plot.save("loss.svg");
/// Example: train::Plot{.title = "Loss", .series = {{.name = "train", .x = {1, 2}, .y = {3,
///     2}}}}.svg().substr(0, 4)  // <svg
struct Plot {
  std::string title, x_label, y_label;
  bool log_y = false;                   ///< logarithmic y axis
  std::vector<std::string> categories;  ///< names of x = 0, 1, 2, …; empty: a numeric axis
  int width = 720, height = 420;        ///< pixels, at least 240 by 160; a long legend adds height
  std::vector<Series> series;

  /// The chart as SVG; the result is deterministic. Throws ShapeError for a series with different
  /// numbers of x and y, and ValueError for a size, smoothing factor or category out of range.
  std::string svg() const;

  /// Writes svg() to `path`, atomically. Throws its errors, and IoError.
  void save(const std::string& path) const;
};

}  // namespace tapehead::train
