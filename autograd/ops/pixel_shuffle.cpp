#include "tapehead/autograd/ops/pixel_shuffle.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops/views.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

void check_image(const char* op, const char* what, const Tensor& x, int64_t factor) {
  if (x.dim() < 3)
    throw ShapeError(fmt::format("{}: x is {}; expected [..., C, H, W]", op, x.shape().str()));
  if (factor < 1) throw ValueError(fmt::format("{}: {} = {} is less than 1", op, what, factor));
}

// x [planes, sizes...] permuted, as `shape`.
Tensor rearranged(const Tensor& x, const Shape& sizes, const Shape& axes, const Shape& shape) {
  return permute(reshape(x, sizes), axes).reshape(shape);
}

// The shape of x with other numbers of channels, rows and columns, and the number of its planes.
struct ImageShape {
  Shape shape;
  int64_t planes = 1;
  ImageShape(const Tensor& x, int64_t C, int64_t H, int64_t W) : shape(x.shape()) {
    const int n = x.dim();
    shape[n - 3] = C, shape[n - 2] = H, shape[n - 1] = W;
    for (int i = 0; i < n - 2; ++i) planes *= shape[i];
  }
};

}  // namespace

Tensor pixel_shuffle(const Tensor& x, int64_t upscale_factor) {
  const int64_t r = upscale_factor;
  check_image("pixel_shuffle", "upscale_factor", x, r);
  const int64_t C = x.size(-3), H = x.size(-2), W = x.size(-1);
  if (C % (r * r) != 0)
    throw ShapeError(
        fmt::format("pixel_shuffle: x is {}; its {} channels must be a multiple of "
                    "upscale_factor² = {}",
                    x.shape().str(), C, r * r));
  const ImageShape to(x, C / (r * r), H * r, W * r);
  return rearranged(x, {to.planes, r, r, H, W}, {0, 3, 1, 4, 2}, to.shape);
}

Tensor pixel_unshuffle(const Tensor& x, int64_t downscale_factor) {
  const int64_t r = downscale_factor;
  check_image("pixel_unshuffle", "downscale_factor", x, r);
  const int64_t C = x.size(-3), H = x.size(-2), W = x.size(-1);
  if (H % r != 0 || W % r != 0)
    throw ShapeError(
        fmt::format("pixel_unshuffle: x is {}; its height and width must be multiples "
                    "of downscale_factor = {}",
                    x.shape().str(), r));
  const ImageShape to(x, C * r * r, H / r, W / r);
  return rearranged(x, {to.planes / (r * r), H / r, r, W / r, r}, {0, 2, 4, 1, 3}, to.shape);
}

Tensor channel_shuffle(const Tensor& x, int64_t groups) {
  if (x.dim() < 3)
    throw ShapeError(fmt::format(
        "channel_shuffle: x is {}; expected [B, C, ...] of at least 3 axes", x.shape().str()));
  if (groups < 1)
    throw ValueError(fmt::format("channel_shuffle: groups = {} is less than 1", groups));
  const int64_t B = x.size(0), C = x.size(1);
  if (C % groups != 0)
    throw ShapeError(
        fmt::format("channel_shuffle: x is {}; its {} channels must be a multiple of "
                    "groups = {}",
                    x.shape().str(), C, groups));
  int64_t P = 1;
  for (int i = 2; i < x.dim(); ++i) P *= x.shape()[i];
  return rearranged(x, {B, groups, C / groups, P}, {0, 2, 1, 3}, x.shape());
}

}  // namespace tapehead
