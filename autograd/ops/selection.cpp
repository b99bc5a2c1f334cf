// kthvalue, median, nanmedian, mode.
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/picked.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// Ranks of the median.
int64_t rank_of_median(int64_t n, int64_t nans) { return nans > 0 ? n - 1 : (n - 1) / 2; }
int64_t rank_of_numbers(int64_t n, int64_t nans) { return nans == n ? n - 1 : (n - nans - 1) / 2; }

using Rank = int64_t (*)(int64_t, int64_t);

int checked_line(const char* op, const Tensor& x, int64_t axis) {
  const int along = normalize_axis(op, axis, x.dim());
  detail::check_some(op, x, 1u << along);
  return along;
}

// One element of all; equal ones share the gradient evenly.
struct Median : CustomOp {
  static constexpr const char* kName = "median";
  Tensor forward(const Tensor& x, Rank rank) {
    const Tensor flat = save(x).reshape({-1});
    return save(core::element_of_rank(flat, 0, rank).values.squeeze(0));
  }
  Tensor backward(const Tensor& dy) const {
    const Tensor x = saved(0).detach(), y = saved(1).detach();
    const Tensor hit = ((x == y) | (isnan(x) & isnan(y))).to(dy.dtype());
    return dy * (hit / sum(hit));
  }
};

Tensor median_of_all(const char* op, const Tensor& x, Rank rank) {
  detail::check_some(op, x, Axes({}).mask(op, x.dim()));
  return apply<Median>(x, rank);
}

ValuesAndIndices median_of_lines(const char* op, const Tensor& x, int64_t axis, bool keepdim,
                                 Rank rank) {
  const int along = checked_line(op, x, axis);
  return detail::picked(x, along, core::element_of_rank(x, along, rank), keepdim);
}

}  // namespace

ValuesAndIndices kthvalue(const Tensor& x, int64_t k, int64_t axis, bool keepdim) {
  const int along = normalize_axis("kthvalue", axis, x.dim());
  const int64_t n = x.dim() == 0 ? 1 : x.shape()[along];
  if (k < 1 || k > n)
    throw ValueError(
        fmt::format("kthvalue: k = {}, but {} has {} elements along axis {}; pass 1..{}", k,
                    core::describe(x), n, axis, n));
  const auto rank = [k](int64_t, int64_t) { return k - 1; };
  return detail::picked(x, along, core::element_of_rank(x, along, rank), keepdim);
}

Tensor median(const Tensor& x) { return median_of_all("median", x, rank_of_median); }
Tensor nanmedian(const Tensor& x) { return median_of_all("nanmedian", x, rank_of_numbers); }
ValuesAndIndices median(const Tensor& x, int64_t axis, bool keepdim) {
  return median_of_lines("median", x, axis, keepdim, rank_of_median);
}
ValuesAndIndices nanmedian(const Tensor& x, int64_t axis, bool keepdim) {
  return median_of_lines("nanmedian", x, axis, keepdim, rank_of_numbers);
}

ValuesAndIndices mode(const Tensor& x, int64_t axis, bool keepdim) {
  const int along = checked_line("mode", x, axis);
  return detail::picked(x, along, core::mode(x, along), keepdim);
}

}  // namespace tapehead
