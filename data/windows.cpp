#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"
#include "tapehead/data/detail/windows.h"

namespace tapehead::data::detail {
namespace {

constexpr int64_t kOutside = -1;

// The pixel of an image of n that stands at place i, which may be outside.
int64_t source(int64_t i, int64_t n, PaddingMode mode) {
  if (i >= 0 && i < n) return i;
  if (mode == PaddingMode::constant) return kOutside;
  if (mode == PaddingMode::edge) return std::clamp<int64_t>(i, 0, n - 1);
  const int64_t repeated = mode == PaddingMode::symmetric ? 1 : 0;
  return i < 0 ? -i - repeated : 2 * (n - 1) - i + repeated;
}

std::vector<int64_t> sources(int64_t from, int64_t count, int64_t n, bool flip, PaddingMode mode) {
  std::vector<int64_t> out;
  for (int64_t k = 0; k < count; ++k)
    out.push_back(source(from + (flip ? count - 1 - k : k), n, mode));
  return out;
}

template <class T>
void copy_plane(const char* from, char* to, int64_t from_width, const std::vector<int64_t>& rows,
                const std::vector<int64_t>& columns, const char* fill) {
  T outside;
  std::memcpy(&outside, fill, sizeof outside);
  const T* plane = reinterpret_cast<const T*>(from);
  T* out = reinterpret_cast<T*>(to);
  for (const int64_t row : rows)
    for (const int64_t column : columns)
      *out++ = row == kOutside || column == kOutside ? outside : plane[row * from_width + column];
}

auto plane_copier(int64_t element) {
  return element == 1   ? copy_plane<uint8_t>
         : element == 2 ? copy_plane<uint16_t>
         : element == 4 ? copy_plane<uint32_t>
                        : copy_plane<uint64_t>;
}

}  // namespace

ImageSizes sizes_of(const char* transform, const Tensor& images) {
  const int rank = images.dim();
  if (rank < 2)
    throw ShapeError(fmt::format("{}: images are {}; expected [C, H, W] or [B, C, H, W]", transform,
                                 images.shape().str()));
  const int64_t height = images.size(-2), width = images.size(-1);
  const int64_t channels = rank > 2 ? images.size(-3) : 1;
  int64_t count = 1;
  for (int axis = 0; axis < rank - 3; ++axis) count *= images.size(axis);
  return {count, channels, height, width};
}

Tensor copy_windows(const Tensor& images, const ImageSizes& sizes, int64_t height, int64_t width,
                    const std::function<Window(int64_t image)>& window, PaddingMode mode,
                    double fill) {
  const Tensor from = core::contiguous(images.detach());
  Shape shape = from.shape();
  shape[shape.rank() - 2] = height;
  shape[shape.rank() - 1] = width;
  const Tensor to = empty(shape, from.dtype()), outside = full({1}, fill, from.dtype());
  const int64_t element = size_of(from.dtype());
  const int64_t from_plane = sizes.height * sizes.width * element,
                to_plane = height * width * element;
  const auto copy = plane_copier(element);
  for (int64_t image = 0; image < sizes.images; ++image) {
    const Window w = window(image);
    const auto rows = sources(w.top, height, sizes.height, w.flip_rows, mode);
    const auto columns = sources(w.left, width, sizes.width, w.flip_columns, mode);
    for (int64_t channel = 0; channel < sizes.channels; ++channel) {
      const int64_t plane = image * sizes.channels + channel;
      copy(from.raw() + plane * from_plane, to.raw() + plane * to_plane, sizes.width, rows, columns,
           outside.raw());
    }
  }
  return to;
}

ImageDraws::ImageDraws(int64_t images, int64_t count, Generator& generator)
    : count_(count), numbers_(rand({images, count}, f64, generator).to_vector<double>()) {}

int64_t ImageDraws::integer(int64_t image, int64_t k, int64_t limit) const {
  return std::min(static_cast<int64_t>(at(image, k) * static_cast<double>(limit + 1)), limit);
}

std::optional<Rectangle> random_rectangle(const RandomRectangle& o, const ImageSizes& sizes,
                                          const ImageDraws& draws, int64_t image, int64_t first) {
  const auto area = static_cast<double>(sizes.height * sizes.width);
  const double least = o.whole ? 1 : 0, spare = o.whole ? 0 : 1;
  for (int64_t k = first; k < first + kRectangleDraws; k += 4) {
    const double part = std::lerp(o.scale.first, o.scale.second, draws.at(image, k)) * area;
    const double ratio = std::exp(
        std::lerp(std::log(o.ratio.first), std::log(o.ratio.second), draws.at(image, k + 1)));
    const double long_side = std::nearbyint(std::sqrt(part * ratio)),
                 short_side = std::nearbyint(std::sqrt(part / ratio));
    const double height = o.wide ? short_side : long_side, width = o.wide ? long_side : short_side;
    if (height < least || width < least || height + spare > static_cast<double>(sizes.height) ||
        width + spare > static_cast<double>(sizes.width))
      continue;
    const auto rows = static_cast<int64_t>(height), columns = static_cast<int64_t>(width);
    return Rectangle{draws.integer(image, k + 2, sizes.height - rows),
                     draws.integer(image, k + 3, sizes.width - columns), rows, columns};
  }
  return {};
}

void check_range(const char* transform, const char* what, const std::pair<double, double>& range,
                 std::optional<double> least) {
  if (!((least ? range.first >= *least : range.first > 0) && range.first <= range.second &&
        std::isfinite(range.second)))
    throw ValueError(fmt::format(
        "{}: {} = {{{}, {}}}; it must be finite, {}, and in ascending order", transform, what,
        range.first, range.second, least ? fmt::format("{} or more", *least) : "above 0"));
}

void check_probability(const char* transform, double p) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("{}: p = {}; it must be within 0 … 1", transform, p));
}

}  // namespace tapehead::data::detail
