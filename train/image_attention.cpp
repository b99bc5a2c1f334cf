#include "tapehead/train/image_attention.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/train/detail/page_image.h"
#include "tapehead/train/detail/svg.h"

namespace tapehead::train {
namespace {

constexpr double kImageMargin = 16, kImageGap = 14, kImageNameSize = 12;
constexpr std::array<uint8_t, 3> kGlow = {255, 140, 0};
constexpr float kGlowOpacity = 0.75F;

void check(std::span<const ImageAttention> images, const ImageAttentionStyle& style) {
  if (images.empty()) throw ValueError("image_attention: there is no image to draw");
  if (!(style.pixel > 0 && style.pixel <= 100) || style.across < 0)
    throw ValueError(fmt::format(
        "image_attention: pixel is {} and across {}; expected more than 0, at most 100, "
        "and at least 0",
        style.pixel, style.across));
  for (size_t i = 0; i < images.size(); ++i) {
    const ImageAttention& m = images[i];
    const std::string at = fmt::format("image_attention: image {}", i);
    check_page_image(at, m.pixels, m.channels, m.height, m.width);
    if (!sizes_match(m.weights.size(), m.rows, m.columns))
      throw ShapeError(fmt::format("{} has {} weights for {} x {} patches", at, m.weights.size(),
                                   m.rows, m.columns));
    check_page_weights(at, m.weights);
  }
}

/// Draws the image at (left, top) and, to its right, with its weights over it.
void draw_pair(Svg& svg, const ImageAttention& m, const std::string& id, double left, double top,
               double step, double pixel) {
  const PageBox second{left + step, top, pixel * static_cast<double>(m.width),
                       pixel * static_cast<double>(m.height)};
  const Tensor pixels = page_pixels(m.pixels, m.channels, m.height, m.width, second.height);
  define_image(svg, id, pixels, second.width, second.height);
  for (const double x : {left, second.x}) draw_defined_image(svg, id, x, top);
  const int64_t height = pixels.size(1), width = pixels.size(2);
  std::vector<float> map = smooth_map(m.weights, m.rows, m.columns, height, width);
  const auto [lowest, highest] = std::minmax_element(map.begin(), map.end());
  const float least = *lowest, range = *highest - least;
  for (float& weight : map) weight = range > 0 ? kGlowOpacity * (weight - least) / range : 0;
  draw_image(svg, overlay(map, height, width, kGlow), second);
}

}  // namespace

std::string image_attention_svg(std::span<const ImageAttention> images,
                                const ImageAttentionStyle& style) {
  check(images, style);
  double width = 0, height = 0;  // of the largest image on the page
  double widest = 0;             // of its names
  bool named = false;
  for (const ImageAttention& m : images) {
    width = std::max(width, style.pixel * static_cast<double>(m.width));
    widest = std::max(widest, text_width(m.title, kImageNameSize));
    height = std::max(height, style.pixel * static_cast<double>(m.height));
    named = named || !m.title.empty();
  }
  const auto count = static_cast<int64_t>(images.size());
  const int64_t square = std::max<int64_t>(1, std::lround(std::sqrt(static_cast<double>(count))));
  const int64_t across = std::min<int64_t>(style.across > 0 ? style.across : square, count);
  const int64_t down = (count + across - 1) / across;
  const double name = named ? kImageNameSize + 6 : 0,
               title = style.title.empty() ? 0 : kPageTitleHeight;
  const double step_x = std::max(2 * width + 2, widest) + kImageGap,
               step_y = height + name + kImageGap;
  const double page =
      std::max(step_x * static_cast<double>(across) - kImageGap, page_title_width(style.title));
  Svg svg(std::ceil(2 * kImageMargin + page),
          2 * kImageMargin + title + step_y * static_cast<double>(down) - kImageGap, style.title);
  draw_page_title(svg, style.title, kImageMargin);
  for (int64_t i = 0; i < count; ++i) {
    const ImageAttention& m = images[static_cast<size_t>(i)];
    const int64_t row = i / across, column = i % across;
    const double x = kImageMargin + step_x * static_cast<double>(column);
    const double y = kImageMargin + title + step_y * static_cast<double>(row);
    if (!m.title.empty())
      svg.text(
          m.title,
          {{"x", x}, {"y", y + kImageNameSize}, {"font-size", kImageNameSize}, {"fill", kInk}});
    draw_pair(svg, m, fmt::format("image{}", i), x, y + name, width + 2, style.pixel);
  }
  return svg.finish();
}

void save_image_attention(const std::string& path, std::span<const ImageAttention> images,
                          const ImageAttentionStyle& style) {
  write_atomic(path, image_attention_svg(images, style));
}

}  // namespace tapehead::train
