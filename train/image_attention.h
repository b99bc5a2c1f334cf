// Attention over images as a picture for a paper: where a model looked, in SVG.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tapehead::train {

/// An image, and how much each of its patches counted.
struct ImageAttention {
  std::span<const float> pixels;  ///< row-major [height, width], 0 black to 1 white; not owned
  int64_t height = 0, width = 0;
  std::span<const float> weights;  ///< row-major [rows, columns], at least 0; not owned
  int64_t rows = 0, columns = 0;   ///< of the patches, which cover the image
  std::string title;               ///< above this image
};

struct ImageAttentionStyle {
  std::string title;   ///< above all images
  int across = 0;      ///< images side by side; 0: as square as possible
  double pixel = 3.5;  ///< the side of a pixel on the page
};

/// Draws each image twice, side by side: as it is, and with a glow where weights are large, which
/// goes smoothly from patch to patch: of each image the largest glows most, the smallest not at
/// all. The same input gives the same bytes. Throws ShapeError where sizes do not fit and
/// ValueError where there is nothing to draw, where a weight is negative or not finite, or for a
/// style out of range.
std::string image_attention_svg(std::span<const ImageAttention> images,
                                const ImageAttentionStyle& style = {});

/// Writes image_attention_svg() to `path`, whole or not at all. Throws IoError besides.
void save_image_attention(const std::string& path, std::span<const ImageAttention> images,
                          const ImageAttentionStyle& style = {});

}  // namespace tapehead::train
