// The layout of a grid of attention maps.
#pragma once

#include <algorithm>

#include "tapehead/train/attention_map.h"
#include "tapehead/train/detail/ticks.h"

namespace tapehead::train {

/// Sizes in pixels, the same for every map of the grid.
struct AttentionLayout {
  static constexpr double kMargin = 16, kNameSize = 13;
  static constexpr double kScaleWidth = 12, kScaleFont = 11;

  double cell = 0, font = 0;
  double width = 0, height = 0;  // of the largest matrix
  double left = 0, above = 0;    // space for labels
  double overhang = 0;           // of slanted labels and titles beyond the right edge
  double title = 0;              // space for a map's title
  double title_left = 0;         // overhang of titles beyond the left edge
  double title_right = 0;        // overhang of titles beyond the right edge
  double x0 = 0, y0 = 0;         // position of the first matrix
  double step_x = 0, step_y = 0;
  double page_width = 0, page_height = 0;
  Axis scale{0, 1, {}, {}};  // of the colour scale
  int64_t across = 0, down = 0;
  bool slanted = false;
  bool shared = false;  // all maps have the same labels, which are drawn once

  double right() const { return x0 + step_x * static_cast<double>(across - 1) + width; }
  double bottom() const { return y0 + step_y * static_cast<double>(down - 1) + height; }
  // The scale is to the right of the titles of the rows below the first.
  double scale_x() const { return right() + std::max(20.0, down > 1 ? title_right + 8 : 0); }
  double scale_height() const { return std::clamp(bottom() - y0, 60.0, 200.0); }
};

/// A token made visible: spaces, tabs and line ends as ␣ ⇥ ↵, no control characters, truncated.
std::string visible_token(const std::string& token);

/// Throws the errors of attention_svg().
void check_attention(std::span<const AttentionMap> maps, const AttentionMapStyle& style);

AttentionLayout measure_attention(std::span<const AttentionMap> maps,
                                  const AttentionMapStyle& style);

}  // namespace tapehead::train
