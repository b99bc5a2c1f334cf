#include "tapehead/data/resize.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/taps.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"
#include "tapehead/data/detail/windows.h"

namespace tapehead::data {
namespace {

using core::AxisTaps, detail::ImageDraws, detail::ImageSizes, detail::Rectangle;

AxisTaps taps_of(InterpolationMode mode, int axis, int64_t size, int64_t result) {
  constexpr core::ResizeFilter kFilters[] = {
      core::ResizeFilter::bilinear, core::ResizeFilter::bicubic, core::ResizeFilter::lanczos};
  return core::resize_taps(kFilters[static_cast<int>(mode)], axis, size, result,
                           static_cast<double>(size) / static_cast<double>(result));
}

// Taps with weights in fixed point, as Pillow has them: the sum for a pixel fits 32 bits, since the
// magnitudes of a result's weights add up to less than 2.
struct FixedTaps {
  static constexpr int kBits = 22;

  explicit FixedTaps(const AxisTaps& taps) : start(taps.start) {
    for (int64_t i = 0; i < taps.count(); ++i)
      first.push_back(taps.index[static_cast<size_t>(start[static_cast<size_t>(i)])]);
    for (const double w : taps.weight)
      weight.push_back(static_cast<int32_t>(w * (1 << kBits) + (w < 0 ? -0.5 : 0.5)));
  }
  static uint8_t rounded(int32_t sum) {
    return static_cast<uint8_t>(std::clamp(sum >> kBits, 0, 255));
  }
  static constexpr int32_t kHalf = 1 << (kBits - 1);

  std::vector<int64_t> start;
  std::vector<int32_t> first;  // pixel of each result
  std::vector<int32_t> weight;
};

void resize_columns(const FixedTaps& taps, const uint8_t* from, int64_t rows, int64_t from_width,
                    uint8_t* to) {
  const auto width = taps.first.size();
  for (int64_t y = 0; y < rows; ++y, from += from_width)
    for (size_t x = 0; x < width; ++x) {
      const uint8_t* pixel = from + taps.first[x];
      int32_t sum = FixedTaps::kHalf;
      for (int64_t k = taps.start[x]; k < taps.start[x + 1]; ++k)
        sum += *pixel++ * taps.weight[static_cast<size_t>(k)];
      *to++ = FixedTaps::rounded(sum);
    }
}

void resize_rows(const FixedTaps& taps, const uint8_t* from, int64_t width, uint8_t* to) {
  std::vector<int32_t> sums(static_cast<size_t>(width));
  for (size_t y = 0; y < taps.first.size(); ++y, to += width) {
    std::fill(sums.begin(), sums.end(), FixedTaps::kHalf);
    const uint8_t* row = from + taps.first[y] * width;
    for (int64_t k = taps.start[y]; k < taps.start[y + 1]; ++k, row += width) {
      const int32_t w = taps.weight[static_cast<size_t>(k)];
      for (int64_t x = 0; x < width; ++x) sums[static_cast<size_t>(x)] += w * row[x];
    }
    std::transform(sums.begin(), sums.end(), to, FixedTaps::rounded);
  }
}

void resize_bytes(const Tensor& from, const Tensor& to, const AxisTaps& rows,
                  const AxisTaps& columns) {
  const FixedTaps row_taps(rows), column_taps(columns);
  const int64_t H = rows.size, W = columns.size, height = rows.count(), width = columns.count();
  core::parallel_for(to.numel() / (height * width), [&](int64_t plane) {
    std::vector<uint8_t> narrow(static_cast<size_t>(H * width));
    resize_columns(column_taps, from.data<uint8_t>() + plane * H * W, H, W, narrow.data());
    resize_rows(row_taps, narrow.data(), width, to.data<uint8_t>() + plane * height * width);
  });
}

ImageSizes resizable(const char* transform, const Tensor& images, int64_t height, int64_t width) {
  const ImageSizes sizes = detail::sizes_of(transform, images);
  if (images.dtype() != u8 && images.dtype() != f32 && images.dtype() != f64)
    throw DTypeError(
        fmt::format("{}: images are {}; expected u8, f32 or f64", transform, name(images.dtype())));
  if (sizes.height < 1 || sizes.width < 1)
    throw ShapeError(fmt::format("{}: images are {}; they must have at least a row and a column",
                                 transform, images.shape().str()));
  if (height < 1 || width < 1)
    throw ValueError(fmt::format("{}: height = {}, width = {}; both must be 1 or more", transform,
                                 height, width));
  return sizes;
}

// The middle of an image, as much as has proportions within `ratio`.
Rectangle middle_part(const std::pair<double, double>& ratio, const ImageSizes& sizes) {
  const auto height = static_cast<double>(sizes.height), width = static_cast<double>(sizes.width);
  Rectangle part{0, 0, sizes.height, sizes.width};
  if (width < ratio.first * height)
    part.height = static_cast<int64_t>(std::nearbyint(width / ratio.first));
  else if (width > ratio.second * height)
    part.width = static_cast<int64_t>(std::nearbyint(height * ratio.second));
  part.height = std::clamp<int64_t>(part.height, 1, sizes.height);
  part.width = std::clamp<int64_t>(part.width, 1, sizes.width);
  part.top = (sizes.height - part.height) / 2, part.left = (sizes.width - part.width) / 2;
  return part;
}

}  // namespace

Tensor resize(const Tensor& images, int64_t height, int64_t width,
              InterpolationMode interpolation) {
  const ImageSizes sizes = resizable("resize", images, height, width);
  const int rank = images.dim();
  const AxisTaps rows = taps_of(interpolation, rank - 2, sizes.height, height),
                 columns = taps_of(interpolation, rank - 1, sizes.width, width);
  const Tensor from = core::contiguous(images.detach());
  if (from.dtype() != u8) return core::sum_taps(from, {rows, columns});
  Shape shape = from.shape();
  shape[rank - 2] = height, shape[rank - 1] = width;
  const Tensor to = core::empty(shape, u8);
  resize_bytes(from, to, rows, columns);
  return to;
}

Tensor crop(const Tensor& images, int64_t top, int64_t left, int64_t height, int64_t width) {
  if (height < 1 || width < 1)
    throw ValueError(
        fmt::format("crop: height = {}, width = {}; both must be 1 or more", height, width));
  return detail::copy_windows(
      images, detail::sizes_of("crop", images), height, width,
      [&](int64_t) {
        return detail::Window{top, left};
      },
      PaddingMode::constant, 0);
}

Tensor Resize::operator()(const Tensor& images) const {
  if (size.size() != 1 && size.size() != 2)
    throw ValueError(fmt::format(
        "Resize: size has {} numbers; give {{height, width}}, or one for the shorter side",
        size.size()));
  if (max_size < 0 || (max_size > 0 && size.size() == 2))
    throw ValueError(fmt::format(
        "Resize: max_size = {}; it must be 0 or more, and needs a size of one number", max_size));
  if (size.size() == 2) return resize(images, size[0], size[1], interpolation);
  const ImageSizes sizes = resizable("Resize", images, size[0], size[0]);
  const int64_t shorter = std::min(sizes.height, sizes.width),
                longer = std::max(sizes.height, sizes.width);
  int64_t small = size[0], large = small * longer / shorter;
  if (max_size > 0 && large > max_size) small = max_size * small / large, large = max_size;
  return sizes.width <= sizes.height ? resize(images, large, small, interpolation)
                                     : resize(images, small, large, interpolation);
}

Tensor RandomResizedCrop::operator()(const Tensor& images, Generator& generator) const {
  const ImageSizes sizes = resizable("RandomResizedCrop", images, height, width);
  detail::check_range("RandomResizedCrop", "scale", scale);
  detail::check_range("RandomResizedCrop", "ratio", ratio);
  const ImageDraws draws(sizes.images, detail::kRectangleDraws, generator);
  Shape shape = images.shape();
  shape[images.dim() - 2] = height, shape[images.dim() - 1] = width;
  const Tensor out = core::empty(shape, images.dtype());
  const Tensor from = core::reshape(images.detach(),
                                    {sizes.images, sizes.channels, sizes.height, sizes.width}),
               to = core::reshape(out, {sizes.images, sizes.channels, height, width});
  const Rectangle middle = middle_part(ratio, sizes);
  for (int64_t image = 0; image < sizes.images; ++image) {
    const Rectangle part =
        detail::random_rectangle({.scale = scale, .ratio = ratio, .wide = true, .whole = true},
                                 sizes, draws, image, 0)
            .value_or(middle);
    const Tensor rows = core::narrow(core::select(from, 0, image), 1, part.top, part.height);
    core::copy_into(core::select(to, 0, image), resize(core::narrow(rows, 2, part.left, part.width),
                                                       height, width, interpolation));
  }
  return out;
}

}  // namespace tapehead::data
