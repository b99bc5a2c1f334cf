// bincount, histc, cov, corrcoef.
#include "tapehead/autograd/ops/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/histogram.h"

namespace tapehead {
namespace {

template <class T>
void count_into(const Tensor& x, double low, double high, const Tensor& counts) {
  kernels::histogram<T>().count(x.data<T>(), x.numel(), static_cast<T>(low), static_cast<T>(high),
                                counts.numel() - 1, counts.data<int64_t>());
}

// Throws unless weights are one number for each of n observations.
void check_weights(const char* op, const char* what, const Tensor& weights, int64_t n) {
  if (weights.dim() != 1 || weights.numel() != n)
    throw ShapeError(fmt::format("{}: {} is {}; it must be [{}], a weight for each observation", op,
                                 what, weights.shape().str(), n));
}

Tensor covariances(const char* op, const Tensor& given, const CovOptions& options) {
  if (given.dim() > 2)
    throw ShapeError(fmt::format("{}: expected [V, N] or [N], got {}", op, core::describe(given)));
  const Tensor from = given.to(is_floating(given.dtype()) ? given.dtype() : f32);
  const Tensor x = from.dim() == 2 ? from : from.reshape({1, -1});
  const int64_t n = x.size(1);
  Tensor weights;
  if (options.fweights.defined()) {
    check_weights(op, "fweights", options.fweights, n);
    weights = core::check_indices(op, "fweights", options.fweights, INT64_MAX).to(x.dtype());
  }
  if (options.aweights.defined()) {
    check_weights(op, "aweights", options.aweights, n);
    if (any(options.aweights < 0).item<bool>())
      throw ValueError(
          fmt::format("{}: aweights has negative numbers; they must be at least 0", op));
    const Tensor importance = options.aweights.to(x.dtype());
    weights = weights.defined() ? weights * importance : importance;
  }
  const Tensor total = weights.defined() ? sum(weights) : core::full({}, n, x.dtype());
  const Tensor centred =
      x - (weights.defined() ? sum(x * weights, 1, true) / total : mean(x, 1, true));
  Tensor lost = core::full({}, options.correction, x.dtype());
  if (options.aweights.defined())
    lost = options.correction * sum(weights * options.aweights.to(x.dtype())) / total;
  const Tensor freedom = clamp(total - lost, 0);
  const Tensor out =
      matmul(weights.defined() ? centred * weights : centred, centred.transpose(0, 1));
  return (out / freedom).reshape(from.dim() == 2 ? out.shape() : Shape{});
}

}  // namespace

Tensor bincount(const Tensor& x, const Tensor& weights, int64_t minlength) {
  if (minlength < 0)
    throw ValueError(fmt::format("bincount: minlength = {}; it must be at least 0", minlength));
  if (x.dim() != 1)
    throw ShapeError(fmt::format("bincount: expected [n], got {}", core::describe(x)));
  const Tensor at = core::check_indices("bincount", "x", x, INT64_MAX);
  const int64_t n = at.numel();
  const int64_t size = std::max(minlength, n == 0 ? 0 : max(at).item<int64_t>() + 1);
  if (weights.defined()) {
    check_weights("bincount", "weights", weights, n);
    const DType type = is_floating(weights.dtype()) ? weights.dtype() : f64;
    const DType wide = is_reduced_floating(type) ? f32 : type;
    return scatter_add(core::full({size}, 0, wide), 0, at, weights.to(wide)).to(type);
  }
  const Tensor counts = core::full({size}, 0, i64);
  auto* const count = counts.data<int64_t>();
  for (const int64_t i : at.span<const int64_t>()) ++count[i];
  return counts;
}

Tensor histc(const Tensor& x, int64_t bins, double min, double max) {
  core::check_floating("histc", x);
  if (bins < 1 || bins >= INT32_MAX)
    throw ValueError(fmt::format("histc: bins = {}; pass 1..{}", bins, INT32_MAX - 1));
  const Tensor wide = core::contiguous(core::cast(x.detach(), wide_type(x.dtype())));
  double low = min, high = max;
  if (low == high && x.numel() > 0) {
    low = tapehead::min(wide).item();
    high = tapehead::max(wide).item();
  }
  if (!std::isfinite(low) || !std::isfinite(high) || low > high)
    throw ValueError(fmt::format("histc: the range {}..{} is not finite and ascending", low, high));
  if (low == high) low -= 1, high += 1;
  const Tensor counts = core::full({bins + 1}, 0, i64);
  if (wide.dtype() == f64) count_into<double>(wide, low, high, counts);
  else count_into<float>(wide, low, high, counts);
  return core::cast(counts.slice(0, 0, bins), x.dtype());
}

Tensor cov(const Tensor& x, const CovOptions& options) { return covariances("cov", x, options); }

Tensor corrcoef(const Tensor& x) {
  const Tensor c = covariances("corrcoef", x, {});
  if (c.dim() == 0) return c * reciprocal(c);
  const Tensor deviation = sqrt(diagonal(c));
  return clamp(c / deviation.unsqueeze(1) / deviation.unsqueeze(0), -1, 1);
}

}  // namespace tapehead
