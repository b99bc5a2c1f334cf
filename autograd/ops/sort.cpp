// sort, argsort, msort, topk.
#include <fmt/format.h>

#include "tapehead/autograd/detail/picked.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/order.h"
#include "tapehead/core/error.h"

namespace tapehead {
ValuesAndIndices sort(const Tensor& x, int64_t axis, bool descending) {
  const int along = normalize_axis("sort", axis, x.dim());
  const int64_t n = x.dim() == 0 ? 1 : x.shape()[along];
  return detail::picked(x, along, core::order(x, along, n, descending));
}

Tensor argsort(const Tensor& x, int64_t axis, bool descending) {
  const int along = normalize_axis("argsort", axis, x.dim());
  return core::order(x, along, x.dim() == 0 ? 1 : x.shape()[along], descending).indices;
}

Tensor msort(const Tensor& x) { return sort(x, 0).values; }

ValuesAndIndices topk(const Tensor& x, int64_t k, int64_t axis, bool largest, bool /*sorted*/) {
  const int along = normalize_axis("topk", axis, x.dim());
  const int64_t n = x.dim() == 0 ? 1 : x.shape()[along];
  if (k < 0 || k > n)
    throw ValueError(fmt::format("topk: k = {}, but {} has {} elements along axis {}; pass 0..{}",
                                 k, core::describe(x), n, axis, n));
  const Tensor from = x.dim() == 0 && k == 0 ? x.expand({1}) : x;
  return detail::picked(from, along, core::order(from, along, k, largest));
}

}  // namespace tapehead
