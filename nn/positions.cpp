#include "tapehead/nn/positions.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {

LearnedPositions::LearnedPositions(Scope at, int64_t count, int64_t embed_dim, const Init& init)
    : weight(at.param("weight", {count, embed_dim}, init)), at_(std::move(at)) {}

Tensor LearnedPositions::operator()(const Tensor& x, int64_t start) const {
  return nn::at(at_, [&] {
    const int64_t count = weight.size(0), embed_dim = weight.size(1);
    if (x.dim() != 3 || x.size(2) != embed_dim)
      throw ShapeError(
          fmt::format("positions: x is {}; expected [B, T, {}]", x.shape().str(), embed_dim));
    const int64_t stop = start + x.size(1);
    if (stop > count)
      throw ValueError(
          fmt::format("positions: a sequence of {}, but there are {} positions; pass fewer, or "
                      "make a model with more",
                      stop, count));
    return x + weight.slice(0, start, stop);
  });
}

Tensor sinusoidal_positions(int64_t length, int64_t embed_dim, int64_t start) {
  if (length < 0 || embed_dim < 1 || start < 0)
    throw ValueError(
        fmt::format("sinusoidal_positions: length {}, embed_dim {}, start {}; none may be negative",
                    length, embed_dim, start));
  const Tensor out = zeros({length, embed_dim});
  float* x = out.data<float>();
  for (int64_t p = 0; p < length; ++p)
    for (int64_t i = 0; i < embed_dim; ++i) {
      const double angle =
          static_cast<double>(start + p) *
          std::pow(10000.0, -static_cast<double>(i - i % 2) / static_cast<double>(embed_dim));
      x[p * embed_dim + i] = static_cast<float>(i % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  return out;
}

Tensor sinusoidal_positions_2d(int64_t height, int64_t width, int64_t embed_dim) {
  const int64_t half = embed_dim / 2, rest = embed_dim - half;
  const Tensor rows = sinusoidal_positions(height, half).unsqueeze(1);
  const Tensor columns = sinusoidal_positions(width, rest).unsqueeze(0);
  return cat({rows.expand({height, width, half}), columns.expand({height, width, rest})}, 2)
      .flatten(0, 1);
}

}  // namespace tapehead::nn
