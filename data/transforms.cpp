#include "tapehead/data/transforms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/data/detail/windows.h"

namespace tapehead::data {
namespace {

using detail::ImageDraws, detail::ImageSizes, detail::Window;

struct Sides {
  int64_t left = 0, top = 0, right = 0, bottom = 0;
};

Sides sides_of(const char* transform, const std::vector<int64_t>& p) {
  for (size_t i = 0; i < p.size(); ++i)
    if (p[i] < 0)
      throw ValueError(
          fmt::format("{}: padding[{}] = {}; it must be 0 or more", transform, i, p[i]));
  switch (p.size()) {
    case 0: return {};
    case 1: return {p[0], p[0], p[0], p[0]};
    case 2: return {p[0], p[1], p[0], p[1]};
    case 4: return {p[0], p[1], p[2], p[3]};
    default:
      throw ValueError(
          fmt::format("{}: padding has {} numbers; give 1, 2 or 4", transform, p.size()));
  }
}

// Mirrored pixels must exist.
void check_mirror(const char* transform, const Sides& p, const ImageSizes& sizes,
                  PaddingMode mode) {
  if (mode == PaddingMode::constant) return;
  const int64_t most_high = std::max(p.top, p.bottom), most_wide = std::max(p.left, p.right);
  const int64_t lost = mode == PaddingMode::reflect ? 1 : 0;
  const bool fits = mode == PaddingMode::edge
                        ? sizes.height > 0 && sizes.width > 0
                        : most_high <= sizes.height - lost && most_wide <= sizes.width - lost;
  if (!fits)
    throw ShapeError(
        fmt::format("{}: padding {} high and {} wide of images of {} × {}; mirrored "
                    "padding must be smaller than the image",
                    transform, most_high, most_wide, sizes.height, sizes.width));
}

void check_crop(const char* transform, int64_t height, int64_t width) {
  if (height < 1 || width < 1)
    throw ValueError(fmt::format("{}: height = {}, width = {}; both must be 1 or more", transform,
                                 height, width));
}

Tensor flipped(const char* transform, const Tensor& images, double p, Generator& generator,
               const Window& flip) {
  detail::check_probability(transform, p);
  const ImageSizes sizes = detail::sizes_of(transform, images);
  const ImageDraws draws(sizes.images, 1, generator);
  const auto window = [&](int64_t image) { return draws.at(image, 0) < p ? flip : Window{}; };
  return detail::copy_windows(images, sizes, sizes.height, sizes.width, window,
                              PaddingMode::constant, 0);
}

}  // namespace

Tensor Pad::operator()(const Tensor& images) const {
  const Sides p = sides_of("Pad", padding);
  const ImageSizes sizes = detail::sizes_of("Pad", images);
  check_mirror("Pad", p, sizes, padding_mode);
  return detail::copy_windows(
      images, sizes, sizes.height + p.top + p.bottom, sizes.width + p.left + p.right,
      [&](int64_t) {
        return Window{-p.top, -p.left};
      },
      padding_mode, fill);
}

Tensor CenterCrop::operator()(const Tensor& images) const {
  check_crop("CenterCrop", height, width);
  const ImageSizes sizes = detail::sizes_of("CenterCrop", images);
  // torchvision pads first, with the smaller half before, and rounds halves to even.
  const auto start = [](int64_t size, int64_t crop) {
    if (crop > size) return -((crop - size) / 2);
    return static_cast<int64_t>(std::nearbyint(static_cast<double>(size - crop) / 2));
  };
  const Window window{start(sizes.height, height), start(sizes.width, width)};
  return detail::copy_windows(
      images, sizes, height, width, [&](int64_t) { return window; }, PaddingMode::constant, 0);
}

Tensor RandomCrop::operator()(const Tensor& images, Generator& generator) const {
  const char* name = "RandomCrop";
  check_crop(name, height, width);
  Sides p = sides_of(name, padding);
  const ImageSizes sizes = detail::sizes_of(name, images);
  if (pad_if_needed) {
    const int64_t wide = width - (sizes.width + p.left + p.right);
    const int64_t high = height - (sizes.height + p.top + p.bottom);
    if (wide > 0) p = {p.left + wide, p.top, p.right + wide, p.bottom};
    if (high > 0) p = {p.left, p.top + high, p.right, p.bottom + high};
  }
  check_mirror(name, p, sizes, padding_mode);
  const int64_t spare_rows = sizes.height + p.top + p.bottom - height,
                spare_columns = sizes.width + p.left + p.right - width;
  if (spare_rows < 0 || spare_columns < 0)
    throw ShapeError(
        fmt::format("{}: height = {}, width = {} of images of {} × {} with padding; "
                    "take a smaller crop or pad_if_needed = true",
                    name, height, width, spare_rows + height, spare_columns + width));
  const ImageDraws draws(sizes.images, 2, generator);
  const auto window = [&](int64_t image) {
    return Window{draws.integer(image, 0, spare_rows) - p.top,
                  draws.integer(image, 1, spare_columns) - p.left};
  };
  return detail::copy_windows(images, sizes, height, width, window, padding_mode, fill);
}

Tensor RandomHorizontalFlip::operator()(const Tensor& images, Generator& generator) const {
  return flipped("RandomHorizontalFlip", images, p, generator, {.flip_columns = true});
}

Tensor RandomVerticalFlip::operator()(const Tensor& images, Generator& generator) const {
  return flipped("RandomVerticalFlip", images, p, generator, {.flip_rows = true});
}

Tensor Compose::operator()(const Tensor& images, Generator& generator) const {
  Tensor out = images;
  for (const Transform& transform : transforms_) out = transform(out, generator);
  return out;
}

}  // namespace tapehead::data
