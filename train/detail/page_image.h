// Images of pixels on SVG pages, and the maps that are laid over them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tapehead/core/tensor.h"
#include "tapehead/train/detail/svg.h"

namespace tapehead::train {

/// Converts pixels [channels, height, width] from 0..1 to u8. To look alike in all viewers, which
/// interpolate differently, the image is enlarged (by repeating pixels) or reduced (by averaging)
/// by a whole factor, to about two pixels per unit of a page where it is `page_height` high.
Tensor page_pixels(std::span<const float> pixels, int64_t channels, int64_t height, int64_t width,
                   double page_height);

/// Weights [rows, columns] of a grid of regions, enlarged smoothly to [height, width] of pixels
/// that cover the same area: cubic B-splines, which stay between the smallest and the largest
/// weight.
std::vector<float> smooth_map(std::span<const float> weights, int64_t rows, int64_t columns,
                              int64_t height, int64_t width);

/// One colour u8 [4, height, width] with the opacities [height, width], 0..1.
Tensor overlay(std::span<const float> opacities, int64_t height, int64_t width,
               std::array<uint8_t, 3> rgb);

/// A rectangle of the page.
struct PageBox {
  double x, y, width, height;
};

/// Draws an image u8 [C, H, W], stretched to the rectangle.
void draw_image(Svg& svg, const Tensor& image, const PageBox& at);
/// Defines an image of a size on the page, to be drawn several times without growing the file.
void define_image(Svg& svg, const std::string& id, const Tensor& image, double width,
                  double height);
void draw_defined_image(Svg& svg, const std::string& id, double x, double y);

/// Draws the title of a page in its top left corner, which takes kPageTitleHeight, if it is not
/// empty.
void draw_page_title(Svg& svg, const std::string& title, double margin);
inline constexpr double kPageTitleSize = 16, kPageTitleHeight = 28;
/// The width of the title; an upper estimate.
double page_title_width(const std::string& title);

/// Whether `count` values are [a, b, c], all sizes at least 1.
bool sizes_match(size_t count, int64_t a, int64_t b, int64_t c = 1);

/// Throws ShapeError, which starts with `at`, unless the pixels are an image of 1 or 3 channels.
void check_page_image(const std::string& at, std::span<const float> pixels, int64_t channels,
                      int64_t height, int64_t width);
/// Throws ValueError, which starts with `at`, for a weight that is negative or not finite.
void check_page_weights(const std::string& at, std::span<const float> weights);

}  // namespace tapehead::train
