#include "tapehead/nn/drop_path.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/error.h"
#include "tapehead/nn/detail/probability.h"

namespace tapehead::nn {

DropPath::DropPath(Scope at, double p)
    : at_(std::move(at)), p_(detail::checked_probability("drop_path", p, at_)) {}

Tensor DropPath::operator()(const Tensor& x) const {
  if (x.dim() == 0)
    throw ShapeError(fmt::format("drop_path: expected a batch [B, ...], got {} (in {})",
                                 core::describe(x), at_.path()));
  if (p_ == 0 || !at_.training()) return x;
  Shape per_sample = Shape::filled(x.dim(), 1);
  per_sample[0] = x.size(0);
  return x * dropout(ones(per_sample, x.dtype()), p_);
}

}  // namespace tapehead::nn
