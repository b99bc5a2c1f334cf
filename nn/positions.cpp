#include "tapehead/nn/positions.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {

LearnedPositions::LearnedPositions(Scope at, int64_t count, int64_t width, const Init& init)
    : weight(at.param("weight", {count, width}, init)), at_(std::move(at)) {}

Tensor LearnedPositions::operator()(const Tensor& x, int64_t start) const {
  return nn::at(at_, [&] {
    const int64_t count = weight.size(0), width = weight.size(1);
    if (x.dim() != 3 || x.size(2) != width)
      throw ShapeError(
          fmt::format("positions: x is {}; expected [B, T, {}]", x.shape().str(), width));
    const int64_t stop = start + x.size(1);
    if (stop > count)
      throw ValueError(
          fmt::format("positions: a sequence of {}, but there are {} positions; pass fewer, or "
                      "make a model with more",
                      stop, count));
    return x + weight.slice(0, start, stop);
  });
}

Tensor sinusoidal_positions(int64_t length, int64_t width, int64_t start) {
  if (length < 0 || width < 1 || start < 0)
    throw ValueError(
        fmt::format("sinusoidal_positions: length {}, width {}, start {}; none may be negative",
                    length, width, start));
  const Tensor out = zeros({length, width});
  float* x = out.data<float>();
  for (int64_t p = 0; p < length; ++p)
    for (int64_t i = 0; i < width; ++i) {
      const double angle =
          static_cast<double>(start + p) *
          std::pow(10000.0, -static_cast<double>(i / 2 * 2) / static_cast<double>(width));
      x[p * width + i] = static_cast<float>(i % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  return out;
}

Tensor sinusoidal_positions_2d(int64_t height, int64_t width_of_image, int64_t width) {
  const int64_t half = width / 2, rest = width - half;
  const Tensor rows = sinusoidal_positions(height, half).unsqueeze(1);
  const Tensor columns = sinusoidal_positions(width_of_image, rest).unsqueeze(0);
  return cat({rows.expand({height, width_of_image, half}),
              columns.expand({height, width_of_image, rest})},
             2)
      .flatten(0, 1);
}

}  // namespace tapehead::nn
