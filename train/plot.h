// Line charts as SVG: loss curves, scores against a length or a step.
#pragma once

#include <string>
#include <vector>

namespace tapehead::train {

enum class Mark { line, line_and_points, points };

/// One named curve. A y (or x) that is not finite, or beyond ±1e100, leaves a gap; so does a y
/// below 1e-100 on a log axis.
struct Series {
  std::string name;
  std::vector<double> x, y;
  /// In [0, 1): what is drawn is the mean around each point, with weights that fall by this factor
  /// a point to both sides; the raw values stay visible behind it, faintly.
  double smooth = 0;
  Mark mark = Mark::line;
};

/// plot.save("loss.svg") after
///   Plot plot{.title = "Loss", .x_label = "step", .y_label = "cross-entropy"};
///   plot.series.push_back({.name = "train", .x = steps, .y = losses, .smooth = 0.9});
struct Plot {
  std::string title, x_label, y_label;
  bool log_y = false;
  std::vector<std::string> categories;  ///< if any, the names of x = 0, 1, 2, …
  int width = 720, height = 420;        ///< pixels, at least 240 by 160; a long legend adds height
  std::vector<Series> series;

  /// The picture. The same data give the same bytes. Throws ShapeError where a series has not as
  /// many x as y, and ValueError for a size, a smoothing or a category out of range.
  std::string svg() const;

  /// Writes svg() to `path`, whole or not at all. Throws IoError.
  void save(const std::string& path) const;
};

}  // namespace tapehead::train
