#include "tapehead/train/image_attention.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tapehead/core/error.h"
#include "tapehead/core/file.h"
#include "tapehead/train/detail/svg.h"

namespace tapehead::train {
namespace {

constexpr double kImageMargin = 16, kImageGap = 14, kImageTitleSize = 16, kImageNameSize = 12;
constexpr double kGlow[] = {255, 140, 0};
constexpr int kColourLevels =
    24;  // of grey and of the overlay, so that pixels of one colour form one path

void check(std::span<const ImageAttention> images, const ImageAttentionStyle& style) {
  const auto fits = [](std::span<const float> values, int64_t rows, int64_t columns) {
    int64_t product = 0;
    return rows > 0 && columns > 0 && !__builtin_mul_overflow(rows, columns, &product) &&
           std::ssize(values) == product;
  };
  if (images.empty()) throw ValueError("image_attention: there is no image to draw");
  if (!(style.pixel > 0 && style.pixel <= 100) || style.across < 0)
    throw ValueError(fmt::format(
        "image_attention: pixel is {} and across {}; expected more than 0, at most 100, "
        "and at least 0",
        style.pixel, style.across));
  for (size_t i = 0; i < images.size(); ++i) {
    const ImageAttention& m = images[i];
    if (!fits(m.pixels, m.height, m.width))
      throw ShapeError(fmt::format("image_attention: image {} has {} pixels for {} x {}", i,
                                   m.pixels.size(), m.height, m.width));
    if (!fits(m.weights, m.rows, m.columns))
      throw ShapeError(fmt::format("image_attention: image {} has {} weights for {} x {} patches",
                                   i, m.weights.size(), m.rows, m.columns));
    for (const float w : m.weights)
      if (!(w >= 0 && std::isfinite(w)))
        throw ValueError(fmt::format(
            "image_attention: image {} has a weight of {}; weights are at least 0", i, w));
  }
}

// The weight at a pixel, interpolated bilinearly between the centres of patches.
double weight_at(const ImageAttention& m, int64_t y, int64_t x) {
  const auto place = [](int64_t pixel, int64_t pixels, int64_t patches) {
    const double at = (static_cast<double>(pixel) + 0.5) * static_cast<double>(patches) /
                          static_cast<double>(pixels) -
                      0.5;
    return std::clamp(at, 0.0, static_cast<double>(patches - 1));
  };
  const double row = place(y, m.height, m.rows), column = place(x, m.width, m.columns);
  const auto i = static_cast<int64_t>(row), j = static_cast<int64_t>(column);
  const auto of = [&](int64_t r, int64_t c) {
    return static_cast<double>(m.weights[static_cast<size_t>(std::min(r, m.rows - 1) * m.columns +
                                                             std::min(c, m.columns - 1))]);
  };
  const double right = column - static_cast<double>(j), below = row - static_cast<double>(i);
  return std::lerp(std::lerp(of(i, j), of(i, j + 1), right),
                   std::lerp(of(i + 1, j), of(i + 1, j + 1), right), below);
}

std::string colour(int grey, int glow) {
  const double light = 255.0 * grey / kColourLevels, part = 0.75 * glow / kColourLevels;
  int rgb[3];
  for (size_t i = 0; i < 3; ++i)
    rgb[i] = static_cast<int>(std::lround(std::lerp(light, kGlow[i], part)));
  return fmt::format("#{:02x}{:02x}{:02x}", rgb[0], rgb[1], rgb[2]);
}

// Draws the image at (left, top). Each run of one colour in a row is one box.
void draw_image(Svg& svg, const ImageAttention& m, bool glowing, double left, double top,
                double pixel) {
  const auto [lowest, highest] = std::minmax_element(m.weights.begin(), m.weights.end());
  const double least = *lowest, range = static_cast<double>(*highest) - least;
  const auto level = [](double part) {
    return static_cast<int>(std::lround(std::clamp(part, 0.0, 1.0) * kColourLevels));
  };
  const auto colour_at = [&](int64_t y, int64_t x) {
    const double grey = m.pixels[static_cast<size_t>(y * m.width + x)];
    const double glow = glowing && range > 0 ? (weight_at(m, y, x) - least) / range : 0;
    return std::pair{level(std::isnan(grey) ? 0 : grey), level(glow)};
  };
  std::map<std::pair<int, int>, SvgPath> paths;
  for (int64_t y = 0; y < m.height; ++y)
    for (int64_t x = 0, next = 0; x < m.width; x = next) {
      const auto here = colour_at(y, x);
      for (next = x + 1; next < m.width && colour_at(y, next) == here;) ++next;
      paths[here].box(static_cast<double>(x), static_cast<double>(y), static_cast<double>(next - x),
                      1);
    }
  svg.open("g", {{"transform", fmt::format("translate({} {}) scale({})", svg_number(left),
                                           svg_number(top), svg_number(pixel))},
                 {"shape-rendering", "crispEdges"}});
  for (const auto& [shade, path] : paths)
    svg.element("path", {{"d", path.data()}, {"fill", colour(shade.first, shade.second)}});
  svg.close();
}

}  // namespace

std::string image_attention_svg(std::span<const ImageAttention> images,
                                const ImageAttentionStyle& style) {
  check(images, style);
  double width = 0, height = 0;  // of the largest image on the page
  bool named = false;
  for (const ImageAttention& m : images) {
    width = std::max(width, style.pixel * static_cast<double>(m.width));
    height = std::max(height, style.pixel * static_cast<double>(m.height));
    named = named || !m.title.empty();
  }
  const auto count = static_cast<int64_t>(images.size());
  const int64_t square = std::max<int64_t>(1, std::lround(std::sqrt(static_cast<double>(count))));
  const int64_t across = std::min<int64_t>(style.across > 0 ? style.across : square, count);
  const int64_t down = (count + across - 1) / across;
  const double name = named ? kImageNameSize + 6 : 0, title = style.title.empty() ? 0 : 30;
  const double step_x = 2 * width + 2 + kImageGap, step_y = height + name + kImageGap;
  Svg svg(2 * kImageMargin + step_x * static_cast<double>(across) - kImageGap,
          2 * kImageMargin + title + step_y * static_cast<double>(down) - kImageGap, style.title);
  if (!style.title.empty())
    svg.text(style.title, {{"x", kImageMargin},
                           {"y", kImageMargin + 13},
                           {"font-size", kImageTitleSize},
                           {"font-weight", "600"},
                           {"fill", kInk}});
  for (int64_t i = 0; i < count; ++i) {
    const ImageAttention& m = images[static_cast<size_t>(i)];
    const int64_t row = i / across, column = i % across;
    const double x = kImageMargin + step_x * static_cast<double>(column);
    const double y = kImageMargin + title + step_y * static_cast<double>(row);
    if (!m.title.empty())
      svg.text(
          m.title,
          {{"x", x}, {"y", y + kImageNameSize}, {"font-size", kImageNameSize}, {"fill", kInk}});
    draw_image(svg, m, false, x, y + name, style.pixel);
    draw_image(svg, m, true, x + width + 2, y + name, style.pixel);
  }
  return svg.finish();
}

void save_image_attention(const std::string& path, std::span<const ImageAttention> images,
                          const ImageAttentionStyle& style) {
  write_atomic(path, image_attention_svg(images, style));
}

}  // namespace tapehead::train
