// Image augmentation.
//
// B images, C channels, H height, W width.
#pragma once

#include <cstdint>
#include <span>

#include "tapehead/core/tensor.h"

namespace tapehead::data {

/// torchvision's RandomAffine has other options: `degrees` for `rotate`, `translate` (first of the
/// width) for `shift`, and for `scale` a range of factors, (0.9, 1.1) for 0.1; by default it takes
/// the nearest pixel.
struct RandomAffineOptions {
  double rotate = 0;  ///< maximum rotation in degrees, in either direction
  double shift = 0;   ///< maximum shift as a fraction of the height and of the width
  double scale = 0;   ///< maximum change of scale: 0.1 is a factor of 0.9 to 1.1
  double shear = 0;   ///< maximum shear in degrees, in either direction
  double fill = 0;    ///< value of pixels outside of the image
};

/// Rotates, shears, scales and shifts each image of f32 [B, C, H, W] about its centre, with
/// bilinear interpolation. The amounts are drawn uniformly with one seed per image; the result is
/// deterministic on every machine. Throws ShapeError for images that are not [B, C, H, W] or a
/// number of seeds other than B, DTypeError for images that are not f32, and ValueError for options
/// out of range.
/// Example: data::random_affine(rand({1, 1, 28, 28}), {.rotate = 10}, std::vector<uint64_t>{7})
///     // shape [1, 1, 28, 28]
Tensor random_affine(const Tensor& images, const RandomAffineOptions& options,
                     std::span<const uint64_t> seeds);

}  // namespace tapehead::data
