#include "tapehead/train/detail/page_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/data/png.h"

namespace tapehead::train {
namespace {

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t k = i; k < i + 3; ++k)
      group = group << 8 | (k < bytes.size() ? static_cast<unsigned char>(bytes[k]) : 0U);
    for (int shift = 18; shift >= 0; shift -= 6) out += kDigits[group >> shift & 63];
  }
  const size_t missing = (3 - bytes.size() % 3) % 3;
  out.replace(out.size() - missing, missing, missing, '=');
  return out;
}

uint8_t byte_of(double part) {
  return static_cast<uint8_t>(std::lround(std::isnan(part) ? 0 : 255 * std::clamp(part, 0.0, 1.0)));
}

/// The four regions, and their shares, that a pixel of an enlarged axis is made of.
struct SplineTaps {
  std::array<size_t, 4> index;
  std::array<double, 4> share;
};

std::vector<SplineTaps> spline_taps(int64_t pixels, int64_t regions) {
  std::vector<SplineTaps> out;
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    const double at = (static_cast<double>(pixel) + 0.5) * static_cast<double>(regions) /
                          static_cast<double>(pixels) -
                      0.5;
    const double below = std::floor(at), t = at - below, s = 1 - t;
    SplineTaps taps{.index = {},
                    .share = {s * s * s / 6, (3 * t * t * t - 6 * t * t + 4) / 6,
                              (3 * s * s * s - 6 * s * s + 4) / 6, t * t * t / 6}};
    for (int64_t k = 0; k < 4; ++k)
      taps.index[static_cast<size_t>(k)] = static_cast<size_t>(
          std::clamp<int64_t>(static_cast<int64_t>(below) - 1 + k, 0, regions - 1));
    out.push_back(taps);
  }
  return out;
}

std::string png_uri(const Tensor& image) {
  return "data:image/png;base64," + base64(data::encode_png(image));
}

}  // namespace

Tensor page_pixels(std::span<const float> pixels, int64_t channels, int64_t height, int64_t width,
                   double page_height) {
  const double scale = 2 * page_height / static_cast<double>(height);
  const int64_t repeat = std::max<int64_t>(std::llround(std::ceil(scale)), 1);
  const int64_t reduce =
      std::min(std::max<int64_t>(std::llround(std::floor(1 / scale)), 1), std::min(height, width));
  const int64_t h = height / reduce * repeat, w = width / reduce * repeat;
  const Tensor out = core::empty({channels, h, w}, u8);
  uint8_t* to = out.data<uint8_t>();
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t y = 0; y < h; ++y)
      for (int64_t x = 0; x < w; ++x) {
        double sum = 0;
        for (int64_t i = 0; i < reduce; ++i)
          for (int64_t j = 0; j < reduce; ++j)
            sum += pixels[static_cast<size_t>((c * height + y / repeat * reduce + i) * width +
                                              x / repeat * reduce + j)];
        *to++ = byte_of(sum / static_cast<double>(reduce * reduce));
      }
  return out;
}

std::vector<float> smooth_map(std::span<const float> weights, int64_t rows, int64_t columns,
                              int64_t height, int64_t width) {
  std::vector<double> wide;  // [rows, width]
  const std::vector<SplineTaps> across = spline_taps(width, columns);
  for (int64_t row = 0; row < rows; ++row)
    for (const SplineTaps& taps : across) {
      double sum = 0;
      for (size_t k = 0; k < 4; ++k)
        sum += taps.share[k] * weights[static_cast<size_t>(row * columns) + taps.index[k]];
      wide.push_back(sum);
    }
  std::vector<float> out;
  for (const SplineTaps& taps : spline_taps(height, rows))
    for (size_t x = 0; x < static_cast<size_t>(width); ++x) {
      double sum = 0;
      for (size_t k = 0; k < 4; ++k)
        sum += taps.share[k] * wide[taps.index[k] * static_cast<size_t>(width) + x];
      out.push_back(static_cast<float>(sum));
    }
  return out;
}

Tensor overlay(std::span<const float> opacities, int64_t height, int64_t width,
               std::array<uint8_t, 3> rgb) {
  const Tensor out = core::empty({4, height, width}, u8);
  uint8_t* to = out.data<uint8_t>();
  for (const uint8_t channel : rgb) to = std::fill_n(to, opacities.size(), channel);
  std::transform(opacities.begin(), opacities.end(), to, byte_of);
  return out;
}

void draw_image(Svg& svg, const Tensor& image, const PageBox& at) {
  svg.element("image", {{"x", at.x},
                        {"y", at.y},
                        {"width", at.width},
                        {"height", at.height},
                        {"preserveAspectRatio", "none"},
                        {"href", png_uri(image)}});
}

void define_image(Svg& svg, const std::string& id, const Tensor& image, double width,
                  double height) {
  svg.open("defs", {});
  svg.element("image", {{"id", id},
                        {"width", width},
                        {"height", height},
                        {"preserveAspectRatio", "none"},
                        {"href", png_uri(image)}});
  svg.close();
}

void draw_defined_image(Svg& svg, const std::string& id, double x, double y) {
  svg.element("use", {{"href", "#" + id}, {"x", x}, {"y", y}});
}

void draw_page_title(Svg& svg, const std::string& title, double margin) {
  if (title.empty()) return;
  svg.text(title, {{"x", margin},
                   {"y", margin + 13},
                   {"font-size", kPageTitleSize},
                   {"font-weight", "600"},
                   {"fill", kInk}});
}

double page_title_width(const std::string& title) {
  return 1.08 * text_width(title, kPageTitleSize);  // it is bold
}

bool sizes_match(size_t count, int64_t a, int64_t b, int64_t c) {
  int64_t product = 0;
  return a > 0 && b > 0 && c > 0 && !__builtin_mul_overflow(a, b, &product) &&
         !__builtin_mul_overflow(product, c, &product) && std::cmp_equal(count, product);
}

void check_page_image(const std::string& at, std::span<const float> pixels, int64_t channels,
                      int64_t height, int64_t width) {
  if (channels != 1 && channels != 3)
    throw ShapeError(fmt::format("{} has {} channels; expected 1 or 3", at, channels));
  if (!sizes_match(pixels.size(), channels, height, width))
    throw ShapeError(fmt::format("{} has {} pixels for {} x {} x {}", at, pixels.size(), channels,
                                 height, width));
}

void check_page_weights(const std::string& at, std::span<const float> weights) {
  for (const float w : weights)
    if (!(w >= 0 && std::isfinite(w)))
      throw ValueError(fmt::format("{} has a weight of {}; weights are at least 0", at, w));
}

}  // namespace tapehead::train
