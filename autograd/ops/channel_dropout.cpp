// dropout1d to dropout3d, alpha_dropout, feature_alpha_dropout.
#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

void check_dropped(const char* op, const Tensor& x, double p) {
  if (!(p >= 0 && p <= 1))
    throw ValueError(fmt::format("{}: the probability {} is outside 0..1", op, p));
  core::check_floating(op, x);
}

// The shape of x with size 1 for all axes after the first `kept`.
Shape leading_sizes(const Tensor& x, int kept) {
  Shape shape = x.shape();
  for (int i = kept; i < shape.rank(); ++i) shape[i] = 1;
  return shape;
}

// Drops channels of x [B, C, ...] with N further axes, or without B.
Tensor drop_channels(const char* op, const Tensor& x, int N, double p, bool training,
                     Generator& generator) {
  check_dropped(op, x, p);
  constexpr const char* kAxes[] = {"L", "H, W", "D, H, W"};
  if (x.dim() != N + 1 && x.dim() != N + 2)
    throw ShapeError(fmt::format("{}: x is {}; expected [B, C, {}] or [C, {}]", op, x.shape().str(),
                                 kAxes[N - 1], kAxes[N - 1]));
  if (!training || p == 0) return x;
  return x * dropout(core::full(leading_sizes(x, x.dim() - N), 1, x.dtype()), p, true, generator);
}

// Sets elements to -alpha' = -lambda alpha of SELU, then scales and shifts to mean 0 and
// variance 1.
Tensor drop_to_alpha(const char* op, const Tensor& x, const Shape& shape, double p, bool training,
                     Generator& generator) {
  check_dropped(op, x, p);
  if (!training || p == 0) return x;
  if (p == 1) return x * 0;
  constexpr double kAlpha = 1.7580993408473766;
  const Tensor kept = (dropout(core::full(shape, 1), p, true, generator) > 0).to(x.dtype());
  const double scale = 1 / std::sqrt((1 - p) * (1 + p * kAlpha * kAlpha));
  return x * (kept * scale) + ((kept - 1) * (kAlpha * scale) + kAlpha * scale * p);
}

}  // namespace

Tensor dropout1d(const Tensor& x, double p, bool training, Generator& generator) {
  return drop_channels("dropout1d", x, 1, p, training, generator);
}
Tensor dropout2d(const Tensor& x, double p, bool training, Generator& generator) {
  return drop_channels("dropout2d", x, 2, p, training, generator);
}
Tensor dropout3d(const Tensor& x, double p, bool training, Generator& generator) {
  return drop_channels("dropout3d", x, 3, p, training, generator);
}

Tensor alpha_dropout(const Tensor& x, double p, bool training, Generator& generator) {
  return drop_to_alpha("alpha_dropout", x, x.shape(), p, training, generator);
}

Tensor feature_alpha_dropout(const Tensor& x, double p, bool training, Generator& generator) {
  if (x.dim() < 2)
    throw ShapeError(
        fmt::format("feature_alpha_dropout: x is {}; expected [B, C, ...]", x.shape().str()));
  return drop_to_alpha("feature_alpha_dropout", x, leading_sizes(x, 2), p, training, generator);
}

}  // namespace tapehead
