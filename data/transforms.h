// Transforms of images: crops, flips, padding, normalization, erasing, colours.
//
//   const data::Compose augment{data::RandomCrop{.height = 32, .width = 32, .padding = {4}},
//                               data::RandomHorizontalFlip{},
//                               data::Normalize{.mean = {0.49, 0.48, 0.45}, .std = {0.25, 0.24,
//                               0.26}}};
//   Tensor batch = augment(images);  // in the collate function of a loader
//
// Images are [C, H, W], a batch of them [B, C, H, W]; leading axes may also be left out or added,
// but a transform of channels needs C. Random transforms treat each image of a batch by itself,
// where torchvision treats all alike, and make draws from a generator, by default the thread's; the
// loader sets it for each batch, so that results depend only on the loader's seed. Names and
// formulas are torchvision's, and options, but for these: crops have `height` and `width` instead
// of `size`, and ColorJitter makes its changes in one order, not in a random one. Results are new
// tensors; nothing is recorded for autograd. Transforms of pixels need f32 or f64 images. Errors:
// ShapeError for images without H and W, or whose C does not fit; DTypeError; ValueError for
// options out of range.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <utility>
#include <vector>

#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead::data {

/// What pixels outside of an image are.
enum class PaddingMode {
  constant,  ///< a given value
  edge,      ///< the nearest pixel
  reflect,   ///< mirrored at the outermost pixel, which is not repeated
  symmetric  ///< mirrored with the outermost pixel
};

/// Pads an image. `padding` is one number for all sides, {left and right, top and bottom}, or
/// {left, top, right, bottom}; mirrored padding is at most as wide as the image.
/// Example: data::Pad{.padding = {1}}(arange(4, f32).reshape({1, 2, 2}))
///     // [[[0., 0., 0., 0.], [0., 0., 1., 0.], [0., 2., 3., 0.], [0., 0., 0., 0.]]]
struct Pad {
  std::vector<int64_t> padding = {};
  double fill = 0;                                   ///< value of a constant padding
  PaddingMode padding_mode = PaddingMode::constant;  ///< what to pad with
  Tensor operator()(const Tensor& images) const;
};

/// The middle height × width pixels; smaller images are padded with 0.
/// Example: data::CenterCrop{.height = 2, .width = 2}(arange(16).reshape({1, 4, 4}))
///     // [[[5, 6], [9, 10]]]
struct CenterCrop {
  int64_t height = 0, width = 0;
  Tensor operator()(const Tensor& images) const;
};

/// height × width pixels at a random place, after padding as with Pad. With `pad_if_needed`,
/// smaller images are padded on both sides. Throws ShapeError for images that are smaller.
/// Example: data::RandomCrop{.height = 32, .width = 32, .padding = {4}}(rand({8, 3, 32, 32}))
///     // shape [8, 3, 32, 32]
struct RandomCrop {
  int64_t height = 0, width = 0;
  std::vector<int64_t> padding = {};
  bool pad_if_needed = false;
  double fill = 0;                                   ///< value of a constant padding
  PaddingMode padding_mode = PaddingMode::constant;  ///< what to pad with
  Tensor operator()(const Tensor& images, Generator& generator = default_generator()) const;
};

/// Mirrors left and right with probability p.
/// Example: data::RandomHorizontalFlip{.p = 1}(arange(4, f32).reshape({1, 2, 2}))
///     // [[[1., 0.], [3., 2.]]]
struct RandomHorizontalFlip {
  double p = 0.5;
  Tensor operator()(const Tensor& images, Generator& generator = default_generator()) const;
};

/// Mirrors top and bottom with probability p.
/// Example: data::RandomVerticalFlip{.p = 1}(arange(4, f32).reshape({1, 2, 2}))
///     // [[[2., 3.], [0., 1.]]]
struct RandomVerticalFlip {
  double p = 0.5;
  Tensor operator()(const Tensor& images, Generator& generator = default_generator()) const;
};

/// (x - mean) / std, with a mean and a standard deviation for each channel, or one for all.
/// Example: data::Normalize{.mean = {1}, .std = {2}}(arange(4, f32).reshape({1, 2, 2}))
///     // [[[-0.5, 0.0], [0.5, 1.0]]]
struct Normalize {
  std::vector<double> mean = {};
  std::vector<double> std = {};
  Tensor operator()(const Tensor& images) const;
};

/// Sets a random rectangle to a value with probability p (Zhong et al. 2020): its area is a part of
/// the image's within `scale`, its height divided by its width within `ratio`. As in torchvision,
/// images for which ten rectangles in a row do not fit stay as they are.
/// Example: data::RandomErasing{.p = 0.25}(rand({8, 3, 32, 32}))  // shape [8, 3, 32, 32]
struct RandomErasing {
  double p = 0.5;
  std::pair<double, double> scale = {0.02, 0.33};
  std::pair<double, double> ratio = {0.3, 3.3};
  double value = 0;
  Tensor operator()(const Tensor& images, Generator& generator = default_generator()) const;
};

/// Changes brightness, contrast and saturation of images in 0 … 1, in this order, by factors within
/// 1 ± the given numbers (at least 0); then turns the hue by a part within ± `hue`, at most 0.5, of
/// the circle of colours. Saturation and hue change images of three channels only.
/// Example: data::ColorJitter{.brightness = 0.2}(rand({8, 3, 32, 32}))  // shape [8, 3, 32, 32]
struct ColorJitter {
  double brightness = 0, contrast = 0, saturation = 0, hue = 0;
  Tensor operator()(const Tensor& images, Generator& generator = default_generator()) const;
};

/// Images of another type and scale: u8 of 0 … 255 as f32 or f64 of 0 … 1, and back, where values
/// outside of 0 … 1 are clamped. As in torchvision, 256 equal ranges of values become u8.
/// Example: data::ConvertImageDtype{}(tensor({{0, 51, 255}}, u8))  // [[0.0, 0.2, 1.0]]
struct ConvertImageDtype {
  DType dtype = f32;  ///< of the result: u8, f32 or f64
  Tensor operator()(const Tensor& images) const;
};

/// Any of these transforms, or a function of an image, or of an image and a generator.
/// Example: data::Transform([](const Tensor& image) { return 1 - image; })(arange(4,
///     f32).reshape({1, 2, 2}))  // [[[1., 0.], [-1., -2.]]]
class Transform {
 public:
  template <class F>
  requires(std::invocable<const F&, const Tensor&, Generator&> ||
           std::invocable<const F&, const Tensor&>) Transform(F f) {
    if constexpr (std::invocable<const F&, const Tensor&, Generator&>) apply_ = std::move(f);
    else apply_ = [f = std::move(f)](const Tensor& images, Generator&) { return f(images); };
  }
  Tensor operator()(const Tensor& images, Generator& generator = default_generator()) const {
    return apply_(images, generator);
  }

 private:
  std::function<Tensor(const Tensor&, Generator&)> apply_;
};

/// Transforms one after the other.
/// Example: data::Compose{data::RandomHorizontalFlip{.p = 1}, data::Pad{.padding = {1,
///     0}}}(arange(4, f32).reshape({1, 2, 2}))  // [[[0., 1., 0., 0.], [0., 3., 2., 0.]]]
class Compose {
 public:
  Compose(std::initializer_list<Transform> transforms) : transforms_(transforms) {}
  explicit Compose(std::vector<Transform> transforms) : transforms_(std::move(transforms)) {}
  Tensor operator()(const Tensor& images, Generator& generator = default_generator()) const;

 private:
  std::vector<Transform> transforms_;
};

}  // namespace tapehead::data
