// diag_embed, diag, diagflat, trace.
#include "tapehead/autograd/ops/diagonals.h"

#include <fmt/format.h>

#include <cstdlib>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct DiagEmbed : CustomOp {
  static constexpr const char* kName = "diag_embed";
  static constexpr Batching kBatching = Batching::adjusted;
  int64_t offset = 0;
  int axis0 = 0, axis1 = 0;
  static bool batch(const Batch& b, Tensor&, Shape& shape, int64_t&, int& first, int& second) {
    shape.insert(0, b.size);
    ++first, ++second;
    return true;
  }
  Tensor forward(const Tensor& x, const Shape& shape, int64_t above, int first, int second) {
    offset = above, axis0 = first, axis1 = second;
    Tensor out = core::full(shape, 0, x.dtype());
    core::copy_into(diagonal(out, offset, axis0, axis1), x);
    return out;
  }
  Tensor backward(const Tensor& dy) const { return diagonal(dy, offset, axis0, axis1); }
};

}  // namespace

Tensor diag_embed(const Tensor& x, int64_t offset, int64_t axis0, int64_t axis1) {
  if (x.dim() == 0) throw ShapeError("diag_embed: a 0-d tensor has no axis to put on a diagonal");
  const int rank = x.dim() + 1;
  const int first = normalize_axis(DiagEmbed::kName, axis0, rank);
  const int second = normalize_axis(DiagEmbed::kName, axis1, rank);
  if (first == second)
    throw ShapeError(
        fmt::format("diag_embed: axes {} and {} of the result are the same", axis0, axis1));
  const int64_t size = x.size(-1) + std::abs(offset);
  Shape shape;
  for (int i = 0, from = 0; i < rank; ++i)
    shape.push_back(i == first || i == second ? size : x.shape()[from++]);
  return apply<DiagEmbed>(x, shape, offset, first, second);
}

Tensor diag(const Tensor& x, int64_t diagonal) {
  if (x.dim() == 1) return diag_embed(x, diagonal);
  if (x.dim() == 2) return x.diagonal(diagonal).clone();
  throw ShapeError(fmt::format(
      "diag: {} is neither a vector nor a matrix; use diag_embed or diagonal", core::describe(x)));
}

Tensor diagflat(const Tensor& x, int64_t offset) { return diag_embed(x.reshape({-1}), offset); }

Tensor trace(const Tensor& x) {
  if (x.dim() != 2) throw ShapeError(fmt::format("trace: {} is not a matrix", core::describe(x)));
  return sum(diagonal(detail::in_f32(x)));
}

}  // namespace tapehead
