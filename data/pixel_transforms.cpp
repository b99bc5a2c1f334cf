// Transforms that compute with the values of pixels.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/data/detail/windows.h"
#include "tapehead/data/transforms.h"

namespace tapehead::data {
namespace {

using detail::ImageDraws, detail::ImageSizes;

// A copy of the images, as f32 or f64, and a call of f<T>(pixels of the first image).
template <class F>
Tensor change_pixels(const char* transform, const Tensor& images, F f) {
  const Tensor out = core::clone(images.detach());
  if (out.dtype() == f32) f(out.data<float>());
  else if (out.dtype() == f64) f(out.data<double>());
  else
    throw DTypeError(
        fmt::format("{}: images are {}; expected f32 or f64", transform, name(images.dtype())));
  return out;
}

// The grey value of a pixel: ITU-R 601-2, as torchvision's.
template <class T>
double grey(const T* pixel, int64_t plane, int64_t channels) {
  if (channels != 3) return pixel[0];
  return 0.2989 * pixel[0] + 0.587 * pixel[plane] + 0.114 * pixel[2 * plane];
}

template <class T>
T blend(T pixel, double other, double factor) {
  return static_cast<T>(std::clamp(factor * pixel + (1 - factor) * other, 0.0, 1.0));
}

// Turns the hue of a pixel [3] by a part of the circle; the largest and smallest channel stay.
template <class T>
void turn_hue(T* pixel, int64_t plane, double part) {
  T& red = pixel[0];
  T& green = pixel[plane];
  T& blue = pixel[2 * plane];
  const double high = std::max({red, green, blue}), low = std::min({red, green, blue});
  const double range = high - low;
  if (range == 0) return;
  const double sector = high == red     ? (green - blue) / range
                        : high == green ? 2 + (blue - red) / range
                                        : 4 + (red - green) / range;
  const double turned = sector + 6 * part;
  // How far a channel is from the top, by the distance of the hue from the channel's.
  const auto channel = [&](double centre) {
    const double away = std::abs(std::remainder(turned - centre, 6.0));
    return static_cast<T>(high - range * std::clamp(away - 1, 0.0, 1.0));
  };
  red = channel(0), green = channel(2), blue = channel(4);
}

struct JitterAmounts {
  double brightness, contrast, saturation, hue;
};

template <class T>
void jitter(T* image, const ImageSizes& sizes, const JitterAmounts& by) {
  const int64_t plane = sizes.height * sizes.width, n = sizes.channels * plane;
  for (int64_t i = 0; i < n; ++i) image[i] = blend(image[i], 0, by.brightness);
  double mean = 0;
  for (int64_t i = 0; i < plane; ++i) mean += grey(image + i, plane, sizes.channels);
  mean /= static_cast<double>(plane);
  for (int64_t i = 0; i < n; ++i) image[i] = blend(image[i], mean, by.contrast);
  if (sizes.channels != 3) return;
  for (int64_t i = 0; i < plane; ++i) {
    const double level = grey(image + i, plane, sizes.channels);
    for (int64_t c = 0; c < 3; ++c)
      image[c * plane + i] = blend(image[c * plane + i], level, by.saturation);
    if (by.hue != 0) turn_hue(image + i, plane, by.hue);
  }
}

}  // namespace

Tensor Normalize::operator()(const Tensor& images) const {
  const ImageSizes sizes = detail::sizes_of("Normalize", images);
  if (mean.size() != std.size() ||
      (mean.size() != 1 && static_cast<int64_t>(mean.size()) != sizes.channels))
    throw ShapeError(
        fmt::format("Normalize: {} means and {} standard deviations for images {}; give one for "
                    "each channel",
                    mean.size(), std.size(), images.shape().str()));
  for (size_t c = 0; c < std.size(); ++c)
    if (!(std[c] > 0))
      throw ValueError(fmt::format("Normalize: std[{}] = {}; it must be above 0", c, std[c]));
  return change_pixels("Normalize", images, [&]<class T>(T* pixels) {
    const int64_t plane = sizes.height * sizes.width;
    for (int64_t i = 0; i < sizes.images * sizes.channels; ++i) {
      const size_t c = mean.size() == 1 ? 0 : static_cast<size_t>(i % sizes.channels);
      const T m = static_cast<T>(mean[c]), s = static_cast<T>(std[c]);
      for (int64_t k = 0; k < plane; ++k, ++pixels) *pixels = (*pixels - m) / s;
    }
  });
}

Tensor RandomErasing::operator()(const Tensor& images, Generator& generator) const {
  detail::check_probability("RandomErasing", p);
  detail::check_range("RandomErasing", "scale", scale, 0);
  detail::check_range("RandomErasing", "ratio", ratio, 1e-6);
  const ImageSizes sizes = detail::sizes_of("RandomErasing", images);
  const ImageDraws draws(sizes.images, 1 + detail::kRectangleDraws, generator);
  return change_pixels("RandomErasing", images, [&]<class T>(T* pixels) {
    const int64_t plane = sizes.height * sizes.width;
    for (int64_t image = 0; image < sizes.images; ++image) {
      if (draws.at(image, 0) >= p) continue;
      const detail::Rectangle r =
          detail::random_rectangle({.scale = scale, .ratio = ratio, .wide = false, .whole = false},
                                   sizes, draws, image, 1)
              .value_or(detail::Rectangle{});
      for (int64_t c = 0; c < sizes.channels; ++c)
        for (int64_t y = r.top; y < r.top + r.height; ++y)
          std::fill_n(pixels + (image * sizes.channels + c) * plane + y * sizes.width + r.left,
                      r.width, static_cast<T>(value));
    }
  });
}

Tensor ColorJitter::operator()(const Tensor& images, Generator& generator) const {
  for (const auto& [what, x] :
       {std::pair("brightness", brightness), {"contrast", contrast}, {"saturation", saturation}})
    if (!(x >= 0) || !std::isfinite(x))
      throw ValueError(fmt::format("ColorJitter: {} = {}; it must be 0 or more", what, x));
  if (!(hue >= 0 && hue <= 0.5))
    throw ValueError(fmt::format("ColorJitter: hue = {}; it must be within 0 … 0.5", hue));
  const ImageSizes sizes = detail::sizes_of("ColorJitter", images);
  const ImageDraws draws(sizes.images, hue > 0 ? 4 : 3, generator);
  return change_pixels("ColorJitter", images, [&]<class T>(T* pixels) {
    const int64_t size = sizes.channels * sizes.height * sizes.width;
    for (int64_t image = 0; image < sizes.images; ++image) {
      const auto factor = [&](int64_t k, double reach) {
        return std::lerp(std::max(0.0, 1 - reach), 1 + reach, draws.at(image, k));
      };
      jitter(pixels + image * size, sizes,
             {factor(0, brightness), factor(1, contrast), factor(2, saturation),
              hue > 0 ? std::lerp(-hue, hue, draws.at(image, 3)) : 0});
    }
  });
}

Tensor ConvertImageDtype::operator()(const Tensor& images) const {
  detail::sizes_of("ConvertImageDtype", images);
  for (const auto& [what, type] : {std::pair("images are", images.dtype()), {"dtype =", dtype}})
    if (type != u8 && type != f32 && type != f64)
      throw DTypeError(
          fmt::format("ConvertImageDtype: {} {}; expected u8, f32 or f64", what, name(type)));
  const Tensor from = images.detach();
  if ((from.dtype() == u8) == (dtype == u8)) return core::clone(core::cast(from, dtype));
  if (dtype != u8)
    return change_pixels("ConvertImageDtype", core::cast(from, dtype), [&]<class T>(T* pixels) {
      for (int64_t i = 0; i < from.numel(); ++i) pixels[i] /= 255;
    });
  const Tensor wide = core::contiguous(core::cast(from, f64)), out = core::empty(from.shape(), u8);
  for (int64_t i = 0; i < out.numel(); ++i) {
    const double value = wide.data<double>()[i];
    out.data<uint8_t>()[i] = value >= 1  ? 255
                             : value > 0 ? static_cast<uint8_t>(value * 255.999)
                                         : 0;
  }
  return out;
}

}  // namespace tapehead::data
