// sort, topk.
#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/order.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// Gathers the sorted elements, so that gather provides the gradient.
ValuesAndIndices first_of(const Tensor& x, int axis, int64_t k, bool descending) {
  const Tensor indices = core::order(x, axis, k, descending);
  if (x.dim() == 0 && k == 1)
    return {gather(x.reshape({1}), 0, indices.reshape({1})).reshape({}), indices};
  return {gather(x, axis, indices), indices};
}

}  // namespace

ValuesAndIndices sort(const Tensor& x, int64_t axis, bool descending) {
  const int along = normalize_axis("sort", axis, x.dim());
  return first_of(x, along, x.dim() == 0 ? 1 : x.shape()[along], descending);
}

ValuesAndIndices topk(const Tensor& x, int64_t k, int64_t axis, bool largest) {
  const int along = normalize_axis("topk", axis, x.dim());
  const int64_t n = x.dim() == 0 ? 1 : x.shape()[along];
  if (k < 0 || k > n)
    throw ValueError(fmt::format("topk: k = {}, but {} has {} elements along axis {}; pass 0..{}",
                                 k, core::describe(x), n, axis, n));
  return first_of(x.dim() == 0 && k == 0 ? x.expand({1}) : x, along, k, largest);
}

}  // namespace tapehead
