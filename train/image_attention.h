// Attention over image patches as SVG, for papers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tapehead::train {

/// An image and a weight for each of its patches.
struct ImageAttention {
  std::span<const float> pixels;  ///< row-major [channels, height, width], 0 to 1; not owned
  int64_t channels = 1;           ///< 1 for grey, 3 for RGB
  int64_t height = 0, width = 0;
  std::span<const float> weights;  ///< row-major [rows, columns], at least 0; not owned
  int64_t rows = 0, columns = 0;   ///< grid of patches, which covers the image
  std::string title;               ///< above this image
};

/// How the pictures are drawn.
struct ImageAttentionStyle {
  std::string title;   ///< above all images
  int across = 0;      ///< images per row; 0: as square a grid as possible
  double pixel = 3.5;  ///< size of an image pixel on the page
};

/// Draws each image twice, side by side: unchanged, and with an overlay of the weights,
/// interpolated smoothly between patches and scaled per image from its smallest (no overlay) to its
/// largest weight. Images are embedded as PNG; the result is deterministic for a version of libpng.
/// Throws ShapeError if the sizes of pixels or weights do not match, and ValueError for an empty
/// list, a negative or non-finite weight, or a style out of range.
/// Example: const std::vector<float> x{0, 1, 1, 0};
///     train::image_attention_svg(std::vector<train::ImageAttention>{{.pixels = x, .height = 2,
///     .width = 2, .weights = x, .rows = 2, .columns = 2}}).substr(0, 4)  // <svg
std::string image_attention_svg(std::span<const ImageAttention> images,
                                const ImageAttentionStyle& style = {});

/// Writes image_attention_svg() to `path`, atomically. Throws its errors, and IoError.
void save_image_attention(const std::string& path, std::span<const ImageAttention> images,
                          const ImageAttentionStyle& style = {});

}  // namespace tapehead::train
