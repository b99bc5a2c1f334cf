#include "tapehead/data/image.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/data/detail/splitmix.h"

namespace tapehead::data {
namespace {

struct Affine {
  double a, b, c,
      d;  // maps positions in the result, relative to the centre, to the image: x = a x + b y
  double dx, dy;
};

Affine draw(const RandomAffineOptions& o, double height, double width, uint64_t seed) {
  SplitMix random(seed);
  const auto within = [&](double limit) { return limit * (2 * random.uniform() - 1); };
  const double radians = std::numbers::pi / 180;
  const double turn = within(o.rotate) * radians, lean = std::tan(within(o.shear) * radians);
  const double scale = 1 / (1 + within(o.scale));
  const double dx = within(o.shift) * width, dy = within(o.shift) * height;
  const double cosine = scale * std::cos(turn), sine = scale * std::sin(turn);
  return {cosine + lean * sine, sine, lean * cosine - sine, cosine, dx, dy};
}

// A pixel of one channel; `fill` outside of the image.
double pixel(const float* image, int64_t H, int64_t W, int64_t y, int64_t x, double fill) {
  return y < 0 || x < 0 || y >= H || x >= W ? fill : static_cast<double>(image[y * W + x]);
}

void apply(const Affine& m, const float* from, float* to, int64_t H, int64_t W, double fill) {
  const double middle_y = static_cast<double>(H - 1) / 2, middle_x = static_cast<double>(W - 1) / 2;
  for (int64_t y = 0; y < H; ++y)
    for (int64_t x = 0; x < W; ++x) {
      const double from_middle_x = static_cast<double>(x) - middle_x - m.dx;
      const double from_middle_y = static_cast<double>(y) - middle_y - m.dy;
      const double at_x = m.a * from_middle_x + m.b * from_middle_y + middle_x;
      const double at_y = m.c * from_middle_x + m.d * from_middle_y + middle_y;
      const double low_x = std::floor(at_x), low_y = std::floor(at_y);
      const auto i = static_cast<int64_t>(low_y), j = static_cast<int64_t>(low_x);
      const double right = at_x - low_x, below = at_y - low_y;
      const double upper =
          std::lerp(pixel(from, H, W, i, j, fill), pixel(from, H, W, i, j + 1, fill), right);
      const double lower = std::lerp(pixel(from, H, W, i + 1, j, fill),
                                     pixel(from, H, W, i + 1, j + 1, fill), right);
      to[y * W + x] = static_cast<float>(std::lerp(upper, lower, below));
    }
}

void check(const Tensor& images, const RandomAffineOptions& o, size_t seeds) {
  if (images.dim() != 4 || static_cast<size_t>(images.size(0)) != seeds)
    throw ShapeError(
        fmt::format("random_affine: images are {} for {} seeds; expected [B, C, H, W] and a seed "
                    "for each",
                    images.shape().str(), seeds));
  if (images.dtype() != f32)
    throw DTypeError(fmt::format("random_affine: images are {}; expected f32, so convert them",
                                 name(images.dtype())));
  const auto check_range = [](const char* what, double value, double below) {
    if (!(value >= 0 && value < below))
      throw ValueError(fmt::format("random_affine: {} is {}; it must be at least 0 and below {}",
                                   what, value, below));
  };
  check_range("rotate", o.rotate, 360);
  check_range("shift", o.shift, 1);
  check_range("scale", o.scale, 1);
  check_range("shear", o.shear, 90);
}

}  // namespace

Tensor random_affine(const Tensor& images, const RandomAffineOptions& options,
                     std::span<const uint64_t> seeds) {
  check(images, options, seeds.size());
  const Tensor from = images.contiguous(), to = empty(images.shape());
  const int64_t C = images.size(1), H = images.size(2), W = images.size(3);
  for (size_t b = 0; b < seeds.size(); ++b) {
    const Affine m = draw(options, static_cast<double>(H), static_cast<double>(W), seeds[b]);
    for (int64_t c = 0; c < C; ++c) {
      const int64_t start = (static_cast<int64_t>(b) * C + c) * H * W;
      apply(m, from.data<float>() + start, to.data<float>() + start, H, W, options.fill);
    }
  }
  return to;
}

}  // namespace tapehead::data
