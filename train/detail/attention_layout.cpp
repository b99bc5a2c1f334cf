#include "tapehead/train/detail/attention_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/train/detail/display.h"
#include "tapehead/train/detail/page_image.h"
#include "tapehead/train/detail/svg.h"

namespace tapehead::train {

namespace {

constexpr int64_t kLongestLabel = 32;  // terminal columns
constexpr double kGap = 24;            // between maps

double label_width(const AttentionLayout& l, const std::string& label) {
  return text_width(visible_token(label), l.font);
}

void measure_cells(AttentionLayout& l, std::span<const AttentionMap> maps, double cell) {
  int64_t rows = 1, columns = 1;
  for (const AttentionMap& m : maps) {
    rows = std::max(rows, m.rows);
    columns = std::max(columns, m.columns);
  }
  const double room = std::max(160.0, 860.0 / static_cast<double>(l.across));
  const double fitting =
      std::floor(std::min(room, 600.0) / static_cast<double>(std::max(rows, columns)));
  l.cell = cell > 0 ? cell : std::clamp(fitting, 2.0, 24.0);
  l.font = std::clamp(l.cell * 0.6, 9.0, 13.0);
  l.width = l.cell * static_cast<double>(columns);
  l.height = l.cell * static_cast<double>(rows);
}

void measure_labels(AttentionLayout& l, std::span<const AttentionMap> maps) {
  l.shared = true;
  for (const AttentionMap& m : maps) {
    l.shared =
        l.shared && m.row_labels == maps[0].row_labels && m.column_labels == maps[0].column_labels;
    for (const std::string& label : m.row_labels)
      l.left = std::max(l.left, label_width(l, label) + 8);
    for (const std::string& label : m.column_labels) {
      l.slanted = l.slanted || label_width(l, label) > l.cell;
    }
  }
  for (const AttentionMap& m : maps) {
    for (size_t i = 0; i < m.column_labels.size(); ++i) {
      if (!l.slanted) {
        l.above = l.font + 6;
        continue;
      }
      const double reach = label_width(l, m.column_labels[i]) * std::sqrt(0.5) + 0.7 * l.font;
      const double end = (static_cast<double>(i) + 0.5) * l.cell + reach;
      l.above = std::max(l.above, reach + 6);
      l.overhang = std::max(l.overhang, end - l.width);
    }
  }
}

// Titles are centred above their maps and may be wider.
void measure_titles(AttentionLayout& l, std::span<const AttentionMap> maps) {
  for (const AttentionMap& m : maps) {
    if (m.title.empty()) continue;
    l.title = 22;
    const double half = text_width(m.title, AttentionLayout::kNameSize) / 2;
    const double middle = l.cell * static_cast<double>(m.columns) / 2;
    l.title_left = std::max(l.title_left, half - middle);
    l.title_right = std::max(l.title_right, middle + half - l.width);
  }
  l.overhang = std::max(l.overhang, l.title_right);
  l.left = std::max(l.left, l.title_left);
}

/// The end of the colour scale: the largest weight, rounded up.
double scale_end(std::span<const AttentionMap> maps) {
  double largest = 0;
  for (const AttentionMap& m : maps) {
    for (const float w : m.weights) {
      if (std::isfinite(w)) largest = std::max(largest, static_cast<double>(w));
    }
  }
  return largest > 0 ? linear_axis(0, largest, 5, Round::outward).high : 1;
}

void measure_page(AttentionLayout& l, const AttentionMapStyle& style) {
  double labels = 0;
  for (const Tick& tick : l.scale.ticks) {
    labels = std::max(labels, text_width(tick.label, AttentionLayout::kScaleFont));
  }
  const double title = page_title_width(style.title);
  const double right = std::max({l.scale_x() + AttentionLayout::kScaleWidth + 7 + labels,
                                 l.right() + l.overhang, AttentionLayout::kMargin + title});
  l.page_width = std::ceil(right + AttentionLayout::kMargin);
  l.page_height =
      std::ceil(std::max(l.bottom(), l.y0 + l.scale_height()) + AttentionLayout::kMargin);
}

}  // namespace

std::string visible_token(const std::string& token) {
  std::string out;
  for (const char c : token) {
    switch (c) {
      case ' ': out += "␣"; break;
      case '\t': out += "⇥"; break;
      case '\n': out += "↵"; break;
      default: out += c;
    }
  }
  return clip(printable(out), kLongestLabel);
}

void check_attention(std::span<const AttentionMap> maps, const AttentionMapStyle& style) {
  if (maps.empty()) throw ValueError("attention_svg: there are no maps; pass at least one");
  for (size_t i = 0; i < maps.size(); ++i) {
    const AttentionMap& m = maps[i];
    if (m.rows < 1 || m.columns < 1 || m.rows > 4096 || m.columns > 4096) {
      throw ShapeError(fmt::format(
          "attention_svg: map {} is [{}, {}]; each side must be in 1..4096", i, m.rows, m.columns));
    }
    if (static_cast<int64_t>(m.weights.size()) != m.rows * m.columns) {
      throw ShapeError(fmt::format("attention_svg: map {} has {} weights; [{}, {}] needs {}", i,
                                   m.weights.size(), m.rows, m.columns, m.rows * m.columns));
    }
    const auto labels = [&](const std::vector<std::string>& given, int64_t size, const char* what) {
      if (given.empty() || static_cast<int64_t>(given.size()) == size) return;
      throw ShapeError(fmt::format(
          "attention_svg: map {} has {} {} labels and {} {}s; give one for each or none", i,
          given.size(), what, size, what));
    };
    labels(m.row_labels, m.rows, "row");
    labels(m.column_labels, m.columns, "column");
  }
  const auto positive = [](const char* name, double value, double limit) {
    if (value >= 0 && value <= limit) return;
    throw ValueError(fmt::format("attention_svg: {} = {} must be in 0..{}, where 0 means automatic",
                                 name, value, limit));
  };
  positive("across", style.across, 4096);
  positive("cell", style.cell, 200);
  positive("highest", style.highest, 1e30);
}

AttentionLayout measure_attention(std::span<const AttentionMap> maps,
                                  const AttentionMapStyle& style) {
  AttentionLayout l;
  const auto count = static_cast<int64_t>(maps.size());
  const auto square = static_cast<int64_t>(std::ceil(std::sqrt(count)));
  l.across = std::min<int64_t>(style.across > 0 ? style.across : square, count);
  l.down = (count + l.across - 1) / l.across;
  measure_cells(l, maps, style.cell);
  measure_labels(l, maps);
  measure_titles(l, maps);
  l.x0 = AttentionLayout::kMargin + (style.y_label.empty() ? 0 : 24) + l.left;
  l.y0 = AttentionLayout::kMargin + (style.title.empty() ? 0 : kPageTitleHeight) +
         (style.x_label.empty() ? 0 : 22) + l.title + l.above;
  l.step_x = l.width + (l.shared ? l.title_left : l.left) + std::max(kGap, l.overhang + 8);
  l.step_y = l.height + (l.shared ? 0 : l.above) + l.title + kGap;
  l.scale = linear_axis(0, style.highest > 0 ? style.highest : scale_end(maps),
                        l.scale_height() < 120 ? 2 : 5, Round::none);
  measure_page(l, style);
  return l;
}

}  // namespace tapehead::train
