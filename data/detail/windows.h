// Windows of images: crops, padding and flips are all windows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "tapehead/core/random.h"
#include "tapehead/data/transforms.h"

namespace tapehead::data::detail {

/// The sizes of a batch of images [..., C, H, W]: B is 1 with fewer than four axes.
struct ImageSizes {
  int64_t images, channels, height, width;
};
/// Throws ShapeError that starts with `transform` for less than two axes.
ImageSizes sizes_of(const char* transform, const Tensor& images);

/// A rectangle of pixels, which may reach beyond the image.
struct Window {
  int64_t top = 0, left = 0;
  bool flip_rows = false, flip_columns = false;
};

/// Copies height × width pixels of each image from its window, with `fill` or mirrored pixels
/// outside of the image.
Tensor copy_windows(const Tensor& images, const ImageSizes& sizes, int64_t height, int64_t width,
                    const std::function<Window(int64_t image)>& window, PaddingMode mode,
                    double fill);

/// Random numbers in [0, 1), `count` for each image.
class ImageDraws {
 public:
  ImageDraws(int64_t images, int64_t count, Generator& generator);
  double at(int64_t image, int64_t k) const {
    return numbers_[static_cast<size_t>(image * count_ + k)];
  }
  /// An integer in 0 … limit.
  int64_t integer(int64_t image, int64_t k, int64_t limit) const;

 private:
  int64_t count_;
  std::vector<double> numbers_;
};

/// A random rectangle of an image: its area is a part of the image's within `scale`, drawn evenly,
/// and its proportions are within `ratio`, drawn evenly by their logarithm.
struct RandomRectangle {
  std::pair<double, double> scale, ratio;
  bool wide;   ///< whether ratio is width / height; else height / width
  bool whole;  ///< sides: 1 to those of the image; else 0 to one less than those of the image
};
struct Rectangle {
  int64_t top = 0, left = 0, height = 0, width = 0;
};
constexpr int64_t kRectangleDraws = 40;  ///< of random_rectangle() for each image
/// The first of ten rectangles that fits, from an image's draws from `first` on; none if none does.
/// As in torchvision, halves of sides are rounded to even numbers.
std::optional<Rectangle> random_rectangle(const RandomRectangle& o, const ImageSizes& sizes,
                                          const ImageDraws& draws, int64_t image, int64_t first);

/// Throws ValueError `transform: what = {…}; …` unless the range is finite, ascending, and not
/// below `least`, or without it above 0.
void check_range(const char* transform, const char* what, const std::pair<double, double>& range,
                 std::optional<double> least = {});

/// Throws ValueError `transform: p = …` unless 0 <= p <= 1.
void check_probability(const char* transform, double p);

}  // namespace tapehead::data::detail
