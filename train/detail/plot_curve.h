// The curves of a plot, inside: from data to pixels, gaps, thinning, colours and markers.
#pragma once

#include <cstddef>

#include "tapehead/train/detail/svg.h"
#include "tapehead/train/detail/ticks.h"
#include "tapehead/train/plot.h"

namespace tapehead::train {

/// Where data coordinates fall on the page.
struct PlotFrame {
  double left, top, right, bottom;
  Axis x, y;
  bool log_y;

  double to_x(double value) const;
  double to_y(double value) const;
};

/// Whether a point can be shown; one that cannot is a gap.
bool drawable(double x, double y, bool log_y);

/// Draws a series in the colour, dashes and marker of its position in the plot.
void draw_series(Svg& svg, const PlotFrame& frame, const Series& series, size_t index);

/// A sample of the same look, 26 pixels wide, with its middle at `y`: for the legend.
void draw_sample(Svg& svg, double x, double y, const Series& series, size_t index);

}  // namespace tapehead::train
