#include "tapehead/autograd/ops.h"
#include "tapehead/tests/parity/parity.h"

namespace tapehead::parity {
namespace {

Tensors pair(const ValuesAndIndices& found) { return {found.values, found.indices}; }
Tensors extrema(const MinMax& found) { return {found.min, found.max}; }
Tensors all_of(const Unique& found) { return {found.values, found.inverse, found.counts}; }
Tensors moments(const Tensor& x) {
  const auto [variance, average] = var_mean(x, 1, false, 0);
  return {variance, average};
}
Tensors deviations(const Tensor& x) {
  const auto [deviation, average] = std_mean(x, {0, 1}, true);
  return {deviation, average};
}

const UniqueOptions kAll{.return_inverse = true, .return_counts = true};
UniqueOptions along(int64_t axis) {
  return {.return_inverse = true, .return_counts = true, .axis = axis};
}

}  // namespace

// clang-format off
const Family kOrder("order", {
  {"cumsum/0", [](const Tensors& x) { return Tensors{cumsum(x[0], 0)}; }},
  {"cumprod/0", [](const Tensors& x) { return Tensors{cumprod(x[0], 0)}; }},
  {"logcumsumexp/0", [](const Tensors& x) { return Tensors{logcumsumexp(x[0], 0)}; }},
  {"cumprod/zeros/0", [](const Tensors& x) { return Tensors{cumprod(x[0], 0)}; }},
  {"cummax/0", [](const Tensors& x) { return pair(cummax(x[0], 0)); }},
  {"cummin/0", [](const Tensors& x) { return pair(cummin(x[0], 0)); }},
  {"cumsum/-1", [](const Tensors& x) { return Tensors{cumsum(x[0], -1)}; }},
  {"cumprod/-1", [](const Tensors& x) { return Tensors{cumprod(x[0], -1)}; }},
  {"logcumsumexp/-1", [](const Tensors& x) { return Tensors{logcumsumexp(x[0], -1)}; }},
  {"cumprod/zeros/-1", [](const Tensors& x) { return Tensors{cumprod(x[0], -1)}; }},
  {"cummax/-1", [](const Tensors& x) { return pair(cummax(x[0], -1)); }},
  {"cummin/-1", [](const Tensors& x) { return pair(cummin(x[0], -1)); }},
  {"cumprod/long", [](const Tensors& x) { return Tensors{cumprod(x[0], 1)}; }},
  {"logcumsumexp/wide", [](const Tensors& x) { return Tensors{logcumsumexp(x[0], 0)}; }},
  {"logcumsumexp/inf", [](const Tensors& x) { return Tensors{logcumsumexp(x[0], 0)}; }},
  {"cummax/ties", [](const Tensors& x) { return pair(cummax(x[0], 0)); }},
  {"cummin/ties", [](const Tensors& x) { return pair(cummin(x[0], 0)); }},
  {"cumsum/int", [](const Tensors& x) { return Tensors{cumsum(x[0], 0)}; }},
  {"cumprod/int", [](const Tensors& x) { return Tensors{cumprod(x[0], 0)}; }},
  {"cumprod/bool", [](const Tensors& x) { return Tensors{cumprod(x[0], 1)}; }},
  {"prod/zeros", [](const Tensors& x) { return Tensors{prod(x[0], 1)}; }},
  {"prod/all", [](const Tensors& x) { return Tensors{prod(x[0])}; }},
  {"diff/1", [](const Tensors& x) { return Tensors{diff(x[0])}; }},
  {"diff/joined", [](const Tensors& x) { return Tensors{diff(x[0], 2, 0, x[1], x[2])}; }},
  {"diff/bool", [](const Tensors& x) { return Tensors{diff(x[0])}; }},
  {"trapezoid/dx", [](const Tensors& x) { return Tensors{trapezoid(x[0], 0.7)}; }},
  {"trapezoid/x", [](const Tensors& x) { return Tensors{trapezoid(x[0], x[1], 0)}; }},
  {"trapezoid/grid", [](const Tensors& x) { return Tensors{trapezoid(x[0], x[1], 1)}; }},
  {"cumulative_trapezoid/dx", [](const Tensors& x) { return Tensors{cumulative_trapezoid(x[0], 0.7, 0)}; }},
  {"cumulative_trapezoid/x", [](const Tensors& x) { return Tensors{cumulative_trapezoid(x[0], x[1])}; }},
  {"sort", [](const Tensors& x) { return pair(sort(x[0], 1, true)); }},
  {"sort/stable", [](const Tensors& x) { return pair(sort(x[0])); }},
  {"argsort", [](const Tensors& x) { return Tensors{argsort(x[0], -1, true)}; }},
  {"msort", [](const Tensors& x) { return Tensors{msort(x[0])}; }},
  {"topk", [](const Tensors& x) { return pair(topk(x[0], 2, 1, false)); }},
  {"kthvalue", [](const Tensors& x) { return pair(kthvalue(x[0], 2, 0, true)); }},
  {"median", [](const Tensors& x) { return Tensors{median(x[0])}; }},
  {"median/ties", [](const Tensors& x) { return Tensors{median(x[0])}; }},
  {"median/axis", [](const Tensors& x) { return pair(median(x[0], 1, true)); }},
  {"nanmedian", [](const Tensors& x) { return Tensors{nanmedian(x[0])}; }},
  {"nanmedian/axis", [](const Tensors& x) { return pair(nanmedian(x[0], 1)); }},
  {"mode", [](const Tensors& x) { return pair(mode(x[0], 1)); }},
  {"aminmax", [](const Tensors& x) { return extrema(aminmax(x[0])); }},
  {"aminmax/axis", [](const Tensors& x) { return extrema(aminmax(x[0], 0, true)); }},
  {"quantile/linear", [](const Tensors& x) { return Tensors{quantile(x[0], x[1], 1, false, "linear")}; }},
  {"nanquantile/linear", [](const Tensors& x) { return Tensors{nanquantile(x[0], x[1], 1, true, "linear")}; }},
  {"quantile/lower", [](const Tensors& x) { return Tensors{quantile(x[0], x[1], 1, false, "lower")}; }},
  {"nanquantile/lower", [](const Tensors& x) { return Tensors{nanquantile(x[0], x[1], 1, true, "lower")}; }},
  {"quantile/higher", [](const Tensors& x) { return Tensors{quantile(x[0], x[1], 1, false, "higher")}; }},
  {"nanquantile/higher", [](const Tensors& x) { return Tensors{nanquantile(x[0], x[1], 1, true, "higher")}; }},
  {"quantile/nearest", [](const Tensors& x) { return Tensors{quantile(x[0], x[1], 1, false, "nearest")}; }},
  {"nanquantile/nearest", [](const Tensors& x) { return Tensors{nanquantile(x[0], x[1], 1, true, "nearest")}; }},
  {"quantile/midpoint", [](const Tensors& x) { return Tensors{quantile(x[0], x[1], 1, false, "midpoint")}; }},
  {"nanquantile/midpoint", [](const Tensors& x) { return Tensors{nanquantile(x[0], x[1], 1, true, "midpoint")}; }},
  {"quantile/all", [](const Tensors& x) { return Tensors{quantile(x[0], 0.3, {}, true)}; }},
  {"quantile/nan", [](const Tensors& x) { return Tensors{quantile(x[0], 0.3, 1)}; }},
  {"searchsorted", [](const Tensors& x) { return Tensors{searchsorted(x[0], x[1], {.right = true})}; }},
  {"searchsorted/lines", [](const Tensors& x) { return Tensors{searchsorted(x[0], x[1])}; }},
  {"bucketize", [](const Tensors& x) { return Tensors{bucketize(x[0], x[1])}; }},
  {"isin", [](const Tensors& x) { return Tensors{isin(x[0], x[1], true)}; }},
  {"unique", [](const Tensors& x) { return all_of(unique(x[0], kAll)); }},
  {"unique/rows", [](const Tensors& x) { return all_of(unique(x[0], along(0))); }},
  {"unique_consecutive", [](const Tensors& x) { return all_of(unique_consecutive(x[0], kAll)); }},
  {"unique_consecutive/columns", [](const Tensors& x) { return all_of(unique_consecutive(x[0], along(1))); }},
  {"bincount", [](const Tensors& x) { return Tensors{bincount(x[0], {}, 7)}; }},
  {"bincount/weights", [](const Tensors& x) { return Tensors{bincount(x[0], x[1])}; }},
  {"histc", [](const Tensors& x) { return Tensors{histc(x[0], 7, -2, 2)}; }},
  {"histc/range", [](const Tensors& x) { return Tensors{histc(x[0], 5)}; }},
  {"nansum", [](const Tensors& x) { return Tensors{nansum(x[0], 1)}; }},
  {"nanmean", [](const Tensors& x) { return Tensors{nanmean(x[0], 1)}; }},
  {"count_nonzero", [](const Tensors& x) { return Tensors{count_nonzero(x[0], 1)}; }},
  {"var_mean", [](const Tensors& x) { return moments(x[0]); }},
  {"std_mean", [](const Tensors& x) { return deviations(x[0]); }},
  {"logsumexp", [](const Tensors& x) { return Tensors{logsumexp(x[0], {0, 2})}; }},
  {"cov", [](const Tensors& x) { return Tensors{cov(x[0])}; }},
  {"cov/weights", [](const Tensors& x) { return Tensors{cov(x[0], {.correction = 0, .fweights = x[1], .aweights = x[2]})}; }},
  {"corrcoef", [](const Tensors& x) { return Tensors{corrcoef(x[0])}; }},
});

}  // namespace tapehead::parity
