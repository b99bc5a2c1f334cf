// Resizes and crops images, as torchvision.transforms does, with `height` and `width` instead of
// the `size` of its crops.
//
// Images are [C, H, W] or [B, C, H, W]; leading axes may also be left out or added. Results are new
// tensors; nothing is recorded for autograd (for that, see interpolate()). Errors: ShapeError for
// images without H and W, or with H or W = 0; DTypeError unless images are u8, f32 or f64;
// ValueError for options out of range.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead::data {

/// How pixels between pixels are computed. The filters reach 1, 2 and 3 pixels far, of the result
/// if it is smaller: resizing is always antialiased.
enum class InterpolationMode { bilinear, bicubic, lanczos };

/// Resizes images to height × width pixels. Of u8, the result has the bits of Pillow 11's
/// Image.resize: columns are resized and rounded to u8, then rows. Later versions sometimes take
/// rows first. Of f32 and f64, it is torch's interpolate(antialias=True), which is not rounded and,
/// except bilinear, goes beyond the range of the pixels.
/// Example: data::resize(arange(8, f32).reshape({1, 2, 4}), 1, 2)  // [[[2.7143, 4.2857]]]
Tensor resize(const Tensor& images, int64_t height, int64_t width,
              InterpolationMode interpolation = InterpolationMode::bilinear);

/// height × width pixels from row `top` and column `left` on; those outside of the image are 0.
/// Example: data::crop(arange(4, f32).reshape({1, 2, 2}), 1, 0, 2, 1)  // [[[2.], [0.]]]
Tensor crop(const Tensor& images, int64_t top, int64_t left, int64_t height, int64_t width);

/// resize() as a transform. `size` is {height, width}, or one number for the shorter side, where
/// the longer one keeps the proportions, rounded down; with `max_size`, the longer side is at most
/// that.
/// Example: data::Resize{.size = {32}}(rand({3, 48, 64}))  // shape [3, 32, 42]
struct Resize {
  std::vector<int64_t> size = {};
  InterpolationMode interpolation = InterpolationMode::bilinear;  ///< the filter
  int64_t max_size = 0;                                           ///< 0: no limit
  Tensor operator()(const Tensor& images) const;
};

/// A random part of each image, resized to height × width pixels (Szegedy et al. 2015, "Going
/// deeper with convolutions"): its area is a part of the image's within `scale`, its width divided
/// by its height within `ratio`. As in torchvision, the middle of an image for which ten parts in a
/// row do not fit.
/// Example: data::RandomResizedCrop{.height = 24, .width = 24}(rand({8, 3, 32, 32}))
///     // shape [8, 3, 24, 24]
struct RandomResizedCrop {
  int64_t height = 0, width = 0;
  std::pair<double, double> scale = {0.08, 1};
  std::pair<double, double> ratio = {3.0 / 4, 4.0 / 3};
  InterpolationMode interpolation = InterpolationMode::bilinear;
  Tensor operator()(const Tensor& images, Generator& generator = default_generator()) const;
};

}  // namespace tapehead::data
