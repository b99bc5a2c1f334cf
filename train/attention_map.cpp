#include "tapehead/train/attention_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/train/detail/attention_layout.h"
#include "tapehead/train/detail/page_image.h"
#include "tapehead/train/detail/svg.h"

namespace tapehead::train {

namespace {

// From white, for weights of 0, to dark blue, with perceptually decreasing lightness.
constexpr std::array<std::array<int, 3>, 9> kRamp = {{{255, 255, 255},
                                                      {226, 238, 248},
                                                      {193, 219, 238},
                                                      {152, 197, 225},
                                                      {106, 171, 210},
                                                      {64, 142, 194},
                                                      {33, 111, 172},
                                                      {14, 78, 140},
                                                      {8, 44, 94}}};
constexpr int kLevels = 64;
constexpr const char* kMasked = "#dcdcdc";

std::string colour(double part) {
  const double at = std::clamp(part, 0.0, 1.0) * (kRamp.size() - 1);
  const auto low = std::min(static_cast<size_t>(at), kRamp.size() - 2);
  int rgb[3];
  for (size_t i = 0; i < 3; ++i) {
    rgb[i] = static_cast<int>(
        std::lround(std::lerp(kRamp[low][i], kRamp[low + 1][i], at - static_cast<double>(low))));
  }
  return fmt::format("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2]);
}

/// Draws all cells of a colour as one path, in units of a cell, to keep files of large maps small.
void draw_cells(Svg& svg, const AttentionMap& m, double highest) {
  std::vector<SvgPath> paths(kLevels + 1);
  SvgPath masked;
  for (int64_t r = 0; r < m.rows; ++r) {
    for (int64_t c = 0; c < m.columns; ++c) {
      const double w = m.weights[static_cast<size_t>(r * m.columns + c)];
      const double part = std::isnan(w) ? 0 : std::clamp(w / highest, 0.0, 1.0);
      SvgPath& path =
          std::isnan(w) ? masked : paths[static_cast<size_t>(std::lround(part * kLevels))];
      path.box(static_cast<double>(c), static_cast<double>(r), 1, 1);
    }
  }
  for (int level = 1; level <= kLevels; ++level) {  // level 0 is the background
    const SvgPath& path = paths[static_cast<size_t>(level)];
    if (path.empty()) continue;
    svg.element("path",
                {{"d", path.data()}, {"fill", colour(static_cast<double>(level) / kLevels)}});
  }
  if (!masked.empty()) svg.element("path", {{"d", masked.data()}, {"fill", kMasked}});
}

void draw_matrix(Svg& svg, const AttentionLayout& l, const AttentionMap& m, double x, double y) {
  const double width = l.cell * static_cast<double>(m.columns);
  const double height = l.cell * static_cast<double>(m.rows);
  svg.open("g", {{"transform",
                  fmt::format("translate({} {}) scale({})", svg_number(x), svg_number(y), l.cell)},
                 {"shape-rendering", "crispEdges"}});
  draw_cells(svg, m, l.scale.high);
  svg.close();
  if (l.cell >= 10) {
    SvgPath lines;
    for (int64_t c = 1; c < m.columns; ++c) {
      const double at = x + l.cell * static_cast<double>(c);
      lines.move(at, y).line(at, y + height);
    }
    for (int64_t r = 1; r < m.rows; ++r) {
      const double at = y + l.cell * static_cast<double>(r);
      lines.move(x, at).line(x + width, at);
    }
    svg.element("path", {{"d", lines.data()}, {"stroke", "#e9edf1"}, {"stroke-width", 1}});
  }
  svg.element("rect", {{"x", x},
                       {"y", y},
                       {"width", width},
                       {"height", height},
                       {"fill", "none"},
                       {"stroke", "#8a8a8a"},
                       {"stroke-width", 1}});
}

void draw_labels(Svg& svg, const AttentionLayout& l, const AttentionMap& m, bool rows, bool columns,
                 double x, double y) {
  // If cells are smaller than letters, only every n-th label is drawn.
  const auto every = static_cast<size_t>(std::ceil((l.font + 1) / l.cell));
  svg.open("g", {{"fill", kInk}, {"font-size", l.font}});
  for (size_t i = 0; rows && i < m.row_labels.size(); i += every) {
    const double middle = y + (static_cast<double>(i) + 0.5) * l.cell;
    svg.text(visible_token(m.row_labels[i]),
             {{"x", x - 6}, {"y", middle + 0.35 * l.font}, {"text-anchor", "end"}});
  }
  for (size_t i = 0; columns && i < m.column_labels.size(); i += every) {
    const double middle = x + (static_cast<double>(i) + 0.5) * l.cell;
    const std::string label = visible_token(m.column_labels[i]);
    if (l.slanted) {
      svg.text(label,
               {{"transform", fmt::format("translate({} {}) rotate(-45)",
                                          svg_number(middle + 0.25 * l.font), svg_number(y - 5))}});
    } else {
      svg.text(label, {{"x", middle}, {"y", y - 6}, {"text-anchor", "middle"}});
    }
  }
  svg.close();
}

void draw_map(Svg& svg, const AttentionLayout& l, const AttentionMap& m, int64_t index) {
  const int64_t row = index / l.across, column = index % l.across;
  const double x = l.x0 + l.step_x * static_cast<double>(column);
  const double y = l.y0 + l.step_y * static_cast<double>(row);
  const bool row_labels = !l.shared || column == 0, column_labels = !l.shared || row == 0;
  draw_matrix(svg, l, m, x, y);
  draw_labels(svg, l, m, row_labels, column_labels, x, y);
  if (m.title.empty()) return;
  svg.text(m.title, {{"x", x + l.cell * static_cast<double>(m.columns) / 2},
                     {"y", y - (column_labels ? l.above : 0) - 8},
                     {"text-anchor", "middle"},
                     {"font-size", AttentionLayout::kNameSize},
                     {"fill", kInk}});
}

/// Draws the colour scale at the right.
void draw_scale(Svg& svg, const AttentionLayout& l) {
  const double width = AttentionLayout::kScaleWidth;
  const double x = l.scale_x(), y = l.y0, height = l.scale_height();
  svg.open("g", {{"shape-rendering", "crispEdges"}});
  for (int i = 0; i < kLevels; ++i) {
    const double top = y + height * (1 - (i + 1.0) / kLevels);
    svg.element("rect", {{"x", x},
                         {"y", top},
                         {"width", width},
                         {"height", height / kLevels + 0.5},
                         {"fill", colour((i + 0.5) / kLevels)}});
  }
  svg.element("rect", {{"x", x},
                       {"y", y},
                       {"width", width},
                       {"height", height},
                       {"fill", "none"},
                       {"stroke", "#8a8a8a"}});
  svg.close();
  svg.open("g", {{"fill", kSoftInk}, {"font-size", AttentionLayout::kScaleFont}});
  for (const Tick& tick : l.scale.ticks) {
    const double at = y + height * (1 - tick.at / l.scale.high);
    svg.element(
        "line",
        {{"x1", x + width}, {"y1", at}, {"x2", x + width + 4}, {"y2", at}, {"stroke", "#8a8a8a"}});
    svg.text(tick.label, {{"x", x + width + 7}, {"y", at + 4}});
  }
  svg.close();
}

void draw_names(Svg& svg, const AttentionLayout& l, const AttentionMapStyle& style) {
  const double margin = AttentionLayout::kMargin;
  const double top = margin + (style.title.empty() ? 0 : kPageTitleHeight);
  draw_page_title(svg, style.title, margin);
  svg.open("g", {{"fill", kInk}, {"font-size", AttentionLayout::kNameSize}});
  if (!style.x_label.empty()) {
    svg.text(style.x_label,
             {{"x", (l.x0 + l.right()) / 2}, {"y", top + 11}, {"text-anchor", "middle"}});
  }
  if (!style.y_label.empty()) {
    svg.text(style.y_label,
             {{"transform", fmt::format("translate({} {}) rotate(-90)", svg_number(margin + 10),
                                        svg_number((l.y0 + l.bottom()) / 2))},
              {"text-anchor", "middle"}});
  }
  svg.close();
}

}  // namespace

std::string attention_svg(std::span<const AttentionMap> maps, const AttentionMapStyle& style) {
  check_attention(maps, style);
  const AttentionLayout l = measure_attention(maps, style);
  Svg svg(l.page_width, l.page_height, style.title);
  draw_names(svg, l, style);
  for (size_t i = 0; i < maps.size(); ++i) {
    draw_map(svg, l, maps[i], static_cast<int64_t>(i));
  }
  draw_scale(svg, l);
  return svg.finish();
}

std::string attention_svg(const AttentionMap& map, const AttentionMapStyle& style) {
  return attention_svg(std::span(&map, 1), style);
}

void save_attention(const std::string& path, std::span<const AttentionMap> maps,
                    const AttentionMapStyle& style) {
  write_atomic(path, attention_svg(maps, style));
}

void save_attention(const std::string& path, const AttentionMap& map,
                    const AttentionMapStyle& style) {
  save_attention(path, std::span(&map, 1), style);
}

void save_attention(const std::string& path, const std::vector<std::vector<float>>& rows,
                    std::vector<std::string> row_labels, std::vector<std::string> column_labels,
                    const AttentionMapStyle& style) {
  std::vector<float> weights;
  for (const std::vector<float>& row : rows) {
    if (row.size() != rows[0].size())
      throw ShapeError(
          fmt::format("save_attention: rows of {} and {} weights; a map needs as many in each",
                      rows[0].size(), row.size()));
    weights.insert(weights.end(), row.begin(), row.end());
  }
  save_attention(path,
                 {.weights = weights,
                  .rows = std::ssize(rows),
                  .columns = rows.empty() ? 0 : std::ssize(rows[0]),
                  .row_labels = std::move(row_labels),
                  .column_labels = std::move(column_labels),
                  .title = ""},
                 style);
}

}  // namespace tapehead::train
