// Images: small random changes that keep what they show.
//
// B images, C channels, H height, W width.
#pragma once

#include <cstdint>
#include <span>

#include "tapehead/core/tensor.h"

namespace tapehead::data {

struct RandomAffineOptions {
  double rotate = 0;  ///< degrees, to either side
  double shift = 0;   ///< of the height and of the width, to either side: 0.1 is a tenth
  double scale = 0;   ///< 0.1: by 0.9 to 1.1
  double shear = 0;   ///< degrees, to either side
  double fill = 0;    ///< what comes in from outside
};

/// Each image of f32 [B, C, H, W] turned, sheared, scaled and shifted about its middle by amounts
/// that are drawn uniformly by its own seed, of which there are B; pixels between pixels are
/// bilinear. The same seed gives the same image on every machine. Throws ShapeError, DTypeError,
/// and ValueError for options that turn an image inside out.
Tensor random_affine(const Tensor& images, const RandomAffineOptions& options,
                     std::span<const uint64_t> seeds);

}  // namespace tapehead::data
