// Several images as one picture.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "tapehead/core/tensor.h"

namespace tapehead::data {

struct ImageGridOptions {
  int64_t nrow = 8;      ///< number of images per row
  int64_t padding = 2;   ///< pixels around each image
  double pad_value = 0;  ///< of these pixels, on the scale of the images
  /// Values of floating images that are drawn as black and as white; others are clamped.
  std::pair<double, double> value_range = {0, 1};
};

/// Images f32 or f64 [B, C, H, W] or [B, H, W], with 1 to 4 channels, side by side in rows: u8 [C,
/// H', W'] from 0 to 255. torchvision's make_grid, except that the result is u8, grey images
/// keep one channel, and a single image has padding, too. Throws DTypeError, ShapeError for other
/// shapes and an empty batch, and ValueError for options out of range or a NaN pixel.
/// Example: data::make_grid(rand({5, 1, 8, 8}), {.nrow = 4})  // shape [1, 22, 42]
Tensor make_grid(const Tensor& images, const ImageGridOptions& options = {});

/// Writes make_grid() as PNG, atomically. Throws its errors, and IoError.
void save_image(const std::string& path, const Tensor& images,
                const ImageGridOptions& options = {});

}  // namespace tapehead::data
