// The measures of a grid of attention maps, inside.
#pragma once

#include <algorithm>

#include "tapehead/train/attention_map.h"
#include "tapehead/train/detail/ticks.h"

namespace tapehead::train {

/// In pixels, the same for every map of the grid.
struct AttentionLayout {
  static constexpr double kMargin = 16, kTitleSize = 16, kNameSize = 13;
  static constexpr double kScaleWidth = 12, kScaleFont = 11;

  double cell = 0, font = 0;
  double width = 0, height = 0;  // of the largest matrix
  double left = 0, above = 0;    // room for labels
  double overhang = 0;           // of slanted labels and titles beyond the right edge
  double title = 0;              // room for a map's own title
  double title_left = 0;         // and beyond the left edge
  double title_right = 0;        // and beyond the right edge
  double x0 = 0, y0 = 0;         // the first matrix
  double step_x = 0, step_y = 0;
  double page_width = 0, page_height = 0;
  Axis scale{0, 1, {}, {}};  // of the colours: from no weight to the darkest
  int64_t across = 0, down = 0;
  bool slanted = false;
  bool shared = false;  // every map has the same labels: they stand once

  double right() const { return x0 + step_x * static_cast<double>(across - 1) + width; }
  double bottom() const { return y0 + step_y * static_cast<double>(down - 1) + height; }
  // The scale stands beside the titles of the rows below the first.
  double scale_x() const { return right() + std::max(20.0, down > 1 ? title_right + 8 : 0); }
  double scale_height() const { return std::clamp(bottom() - y0, 60.0, 200.0); }
};

/// A token as a reader must see it: ␣ ⇥ ↵, no control characters, not too long.
std::string visible_token(const std::string& token);

/// Throws what attention_svg() promises.
void check_attention(std::span<const AttentionMap> maps, const AttentionMapStyle& style);

AttentionLayout measure_attention(std::span<const AttentionMap> maps,
                                  const AttentionMapStyle& style);

}  // namespace tapehead::train
