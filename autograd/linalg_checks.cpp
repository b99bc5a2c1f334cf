#include <fmt/format.h>

#include "tapehead/autograd/autocast.h"
#include "tapehead/autograd/detail/linalg.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {

Tensor checked_matrices(const char* op, const Tensor& given) {
  const Tensor x = in_f32(given);
  if (x.dim() < 2)
    throw ShapeError(fmt::format("{}: {} is not a batch of matrices", op, core::describe(x)));
  if (x.dtype() != f32 && x.dtype() != f64)
    throw DTypeError(fmt::format("{}: expected f32 or f64, got {}; convert with to(f32)", op,
                                 core::describe(x)));
  return x;
}

Tensor checked_square(const char* op, const Tensor& given) {
  const Tensor x = checked_matrices(op, given);
  if (x.size(-1) != x.size(-2))
    throw ShapeError(
        fmt::format("{}: {} is not a batch of square matrices", op, core::describe(x)));
  return x;
}

Tensor expand_batch(const Tensor& x, const Shape& batch) {
  Shape shape = batch;
  shape.push_back(x.size(-2));
  shape.push_back(x.size(-1));
  return x.expand(shape);
}

bool is_vectors(const Tensor& a, const Tensor& b) {
  if (b.dim() == 1) return true;
  Shape rows = a.shape();
  rows.erase(rows.rank() - 1);
  return b.shape() == rows;
}

}  // namespace tapehead::detail
