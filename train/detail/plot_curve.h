// Draws the curves of a plot: scaling to pixels, gaps, thinning, colours and markers.
#pragma once

#include <cstddef>

#include "tapehead/train/detail/svg.h"
#include "tapehead/train/detail/ticks.h"
#include "tapehead/train/plot.h"

namespace tapehead::train {

/// Maps data coordinates to the page.
struct PlotFrame {
  double left, top, right, bottom;
  Axis x, y;
  bool log_y;

  double to_x(double value) const;
  double to_y(double value) const;
};

/// Whether a point can be drawn; otherwise it leaves a gap.
bool drawable(double x, double y, bool log_y);

/// Draws a series in the colour, dashes and marker of its position in the plot.
void draw_series(Svg& svg, const PlotFrame& frame, const Series& series, size_t index);

/// Draws a sample of the curve for the legend, 26 pixels wide and vertically centred at `y`.
void draw_sample(Svg& svg, double x, double y, const Series& series, size_t index);

}  // namespace tapehead::train
