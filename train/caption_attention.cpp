#include "tapehead/train/caption_attention.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/train/detail/display.h"
#include "tapehead/train/detail/page_image.h"
#include "tapehead/train/detail/svg.h"

namespace tapehead::train {
namespace {

constexpr double kCaptionMargin = 16, kCaptionGap = 6, kRowGap = 14, kPageWidth = 900;
constexpr double kRowTitleSize = 12, kWordSize = 13, kSmallestWord = 8;
constexpr double kWordHeight = kWordSize + 6, kRowTitleHeight = kRowTitleSize + 8;
constexpr std::array<uint8_t, 3> kVeil = {112, 112, 112};
constexpr float kVeilOpacity = 0.85F;

void check(std::span<const CaptionAttention> images, const CaptionAttentionStyle& style) {
  if (images.empty()) throw ValueError("caption_attention: there is no image to draw");
  if (!(style.height >= 8 && style.height <= 2000) || style.across < 0)
    throw ValueError(fmt::format(
        "caption_attention: height is {} and across {}; expected 8..2000, and at least 0",
        style.height, style.across));
  for (size_t i = 0; i < images.size(); ++i) {
    const CaptionAttention& m = images[i];
    const std::string at = fmt::format("caption_attention: image {}", i);
    if (m.words.empty()) throw ValueError(at + " has no words");
    check_page_image(at, m.pixels, m.channels, m.height, m.width);
    if (!sizes_match(m.weights.size(), std::ssize(m.words), m.rows, m.columns))
      throw ShapeError(fmt::format("{} has {} weights for {} words of {} x {} regions", at,
                                   m.weights.size(), m.words.size(), m.rows, m.columns));
    check_page_weights(at, m.weights);
  }
}

/// The places of an image and its words on the page. The words are in columns to the right of the
/// image, on as many lines as they need.
struct CaptionRow {
  CaptionRow(const CaptionAttention& m, const CaptionAttentionStyle& style)
      : image_height(style.height),
        image_width(style.height * static_cast<double>(m.width) / static_cast<double>(m.height)),
        title(m.title.empty() ? 0 : kRowTitleHeight) {
    const auto fitting = static_cast<int64_t>((kPageWidth - image_width) / step_x());
    across = std::min(std::max<int64_t>(style.across > 0 ? style.across : fitting, 1),
                      std::ssize(m.words));
    lines = (std::ssize(m.words) + across - 1) / across;
  }
  double step_x() const { return image_width + kCaptionGap; }
  double step_y() const { return image_height + kWordHeight + kCaptionGap; }
  double width() const { return image_width + step_x() * static_cast<double>(across); }
  double height() const { return title + step_y() * static_cast<double>(lines) - kCaptionGap; }
  PageBox image() const { return {0, title + kWordHeight, image_width, image_height}; }
  PageBox word(int64_t i) const {
    const int64_t line = i / across, column = 1 + i % across;
    return {step_x() * static_cast<double>(column),
            title + kWordHeight + step_y() * static_cast<double>(line), image_width, image_height};
  }

  double image_height, image_width, title;
  int64_t across = 0, lines = 0;
};

/// A word above its image, in smaller letters if it is wider.
void draw_word(Svg& svg, const std::string& word, const PageBox& image) {
  std::string text = printable(word);
  const double room = image.width + kCaptionGap - 2;
  double size = std::min(kWordSize, kWordSize * room / std::max(text_width(text, kWordSize), 1.0));
  if (size < kSmallestWord) {
    size = kSmallestWord;
    text = clip(text, static_cast<int64_t>(room / (0.62 * size)));
  }
  svg.text(text, {{"x", image.x + image.width / 2},
                  {"y", image.y - 6},
                  {"text-anchor", "middle"},
                  {"font-size", size},
                  {"fill", kInk}});
}

/// A fine line, for images that are as white as the page.
void draw_edge(Svg& svg, const PageBox& box) {
  svg.element("rect", {{"x", box.x},
                       {"y", box.y},
                       {"width", box.width},
                       {"height", box.height},
                       {"fill", "none"},
                       {"stroke", "#c8c8c8"},
                       {"stroke-width", 0.5}});
}

void draw_row(Svg& svg, const CaptionAttention& m, const CaptionRow& row, const std::string& id) {
  if (!m.title.empty())
    svg.text(m.title,
             {{"x", 0.0}, {"y", kRowTitleSize}, {"font-size", kRowTitleSize}, {"fill", kSoftInk}});
  const Tensor pixels = page_pixels(m.pixels, m.channels, m.height, m.width, row.image_height);
  define_image(svg, id, pixels, row.image_width, row.image_height);
  const int64_t height = pixels.size(1), width = pixels.size(2);
  const auto regions = static_cast<size_t>(m.rows * m.columns);
  draw_defined_image(svg, id, row.image().x, row.image().y);
  draw_edge(svg, row.image());
  for (int64_t i = 0; i < std::ssize(m.words); ++i) {
    const PageBox box = row.word(i);
    draw_word(svg, m.words[static_cast<size_t>(i)], box);
    draw_defined_image(svg, id, box.x, box.y);
    std::vector<float> veil =
        smooth_map(m.weights.subspan(static_cast<size_t>(i) * regions, regions), m.rows, m.columns,
                   height, width);
    const float largest = *std::max_element(veil.begin(), veil.end());
    for (float& weight : veil) weight = kVeilOpacity * (1 - (largest > 0 ? weight / largest : 0));
    draw_image(svg, overlay(veil, height, width, kVeil), box);
    draw_edge(svg, box);
  }
}

}  // namespace

std::string caption_attention_svg(std::span<const CaptionAttention> images,
                                  const CaptionAttentionStyle& style) {
  check(images, style);
  std::vector<CaptionRow> rows;
  const double title = style.title.empty() ? 0 : kPageTitleHeight;
  double width = page_title_width(style.title), height = title;
  for (const CaptionAttention& m : images) {
    rows.emplace_back(m, style);
    width = std::max({width, rows.back().width(), text_width(m.title, kRowTitleSize)});
    height += rows.back().height() + kRowGap;
  }
  Svg svg(std::ceil(2 * kCaptionMargin + width), std::ceil(2 * kCaptionMargin + height - kRowGap),
          style.title);
  draw_page_title(svg, style.title, kCaptionMargin);
  double y = kCaptionMargin + title;
  for (size_t i = 0; i < rows.size(); ++i) {
    svg.open("g", {{"transform",
                    fmt::format("translate({} {})", svg_number(kCaptionMargin), svg_number(y))}});
    draw_row(svg, images[i], rows[i], fmt::format("image{}", i));
    svg.close();
    y += rows[i].height() + kRowGap;
  }
  return svg.finish();
}

void save_caption_attention(const std::string& path, std::span<const CaptionAttention> images,
                            const CaptionAttentionStyle& style) {
  write_atomic(path, caption_attention_svg(images, style));
}

}  // namespace tapehead::train
