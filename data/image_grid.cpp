#include "tapehead/data/image_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/data/png.h"

namespace tapehead::data {
namespace {

constexpr int64_t kMostPadding = 1024;

void check(const Tensor& images, const ImageGridOptions& o) {
  const auto refuse = [](const std::string& what) {
    throw ValueError(fmt::format("make_grid: {}", what));
  };
  if (images.dim() != 4 || images.numel() == 0 || images.size(1) > 4)
    throw ShapeError(
        fmt::format("make_grid: the images are {}; expected [B, H, W] or [B, C, H, W] with 1 to 4 "
                    "channels, and at least one pixel",
                    images.shape().str()));
  if (o.nrow < 1) refuse(fmt::format("nrow = {}; it must be at least 1", o.nrow));
  if (o.padding < 0 || o.padding > kMostPadding)
    refuse(fmt::format("padding = {}; it must be in 0..{}", o.padding, kMostPadding));
  const auto [black, white] = o.value_range;
  if (!(black < white) || !std::isfinite(white - black))
    refuse(fmt::format("value_range = {{{}, {}}}; it must be finite and in ascending order", black,
                       white));
}

}  // namespace

Tensor make_grid(const Tensor& images, const ImageGridOptions& o) {
  core::check_floating("make_grid", images);
  const Tensor batch =
      core::contiguous(core::cast(images.dim() == 3 ? core::unsqueeze(images, 1) : images, f64));
  check(batch, o);
  const auto [black, white] = o.value_range;
  const auto level = [&](double value) {
    if (std::isnan(value)) throw ValueError("make_grid: the images contain NaN");
    return static_cast<uint8_t>(
        std::lround(255 * std::clamp((value - black) / (white - black), 0.0, 1.0)));
  };
  const int64_t count = batch.size(0), channels = batch.size(1), height = batch.size(2),
                width = batch.size(3);
  const int64_t columns = std::min(o.nrow, count), rows = (count + columns - 1) / columns;
  const Tensor out = full({channels, rows * (height + o.padding) + o.padding,
                           columns * (width + o.padding) + o.padding},
                          int64_t{level(o.pad_value)}, u8);
  const double* from = batch.data<double>();
  for (int64_t image = 0; image < count; ++image)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t y = 0; y < height; ++y) {
        const int64_t top = image / columns * (height + o.padding) + o.padding + y;
        const int64_t left = image % columns * (width + o.padding) + o.padding;
        uint8_t* to = out.data<uint8_t>() + (c * out.size(1) + top) * out.size(2) + left;
        for (int64_t x = 0; x < width; ++x) *to++ = level(*from++);
      }
  return out;
}

void save_image(const std::string& path, const Tensor& images, const ImageGridOptions& options) {
  write_png(path, make_grid(images, options));
}

}  // namespace tapehead::data
