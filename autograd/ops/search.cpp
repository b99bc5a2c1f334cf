// searchsorted, bucketize, isin, unique, unique_consecutive.
#include "tapehead/autograd/ops/search.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/detail/order.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/elementwise_kernels.h"

namespace tapehead {
namespace {

Tensor search_in(const char* op, const char* what, const Tensor& sequence, const Tensor& x,
                 bool right) {
  const DType type = core::result_type(sequence, x);
  return core::search(op, what, core::cast(sequence, type), core::cast(x, type), right);
}

void check_sequence(const Tensor& sequence, const Tensor& values, const Tensor& sorter) {
  bool fits = sequence.dim() == values.dim();
  for (int i = 0; fits && i + 1 < values.dim(); ++i) fits = sequence.size(i) == values.size(i);
  if (sequence.dim() == 0 || (sequence.dim() > 1 && !fits))
    throw ShapeError(
        fmt::format("searchsorted: sorted_sequence is {}, values is {}; the sequence must be [n] "
                    "or have the leading axes of values",
                    sequence.shape().str(), values.shape().str()));
  if (sorter.defined() && sorter.shape() != sequence.shape())
    throw ShapeError(
        fmt::format("searchsorted: sorter is {}, sorted_sequence is {}; they must be "
                    "of the same shape",
                    sorter.shape().str(), sequence.shape().str()));
}

// The different slices along an axis.
Unique unique_slices(const char* op, const Tensor& x, const UniqueOptions& options, bool sorts) {
  const int axis = normalize_axis(op, *options.axis, x.dim());
  const Tensor whole = x.dim() == 0 ? x.detach().reshape({1}) : x.detach();
  const int64_t n = whole.size(axis);
  const Tensor rows = movedim(whole, axis, 0).reshape({n, whole.numel() / std::max<int64_t>(n, 1)});
  const Tensor order = sorts ? core::order_of_rows(rows) : arange(n);
  const Tensor sorted = index_select(rows, 0, order);
  Tensor starts = core::full({n}, true, boolean);
  if (n > 1) starts = pad(any(sorted.slice(0, 1, n) != sorted.slice(0, 0, n - 1), 1), {1, 0}, true);
  const Tensor at = core::nonzero_positions(starts);
  Unique out;
  out.values = index_select(whole, axis, index_select(order, 0, at));
  if (options.return_inverse) {
    out.inverse = core::empty({n}, i64);
    core::put_taken(out.inverse, 0, order, cumsum(starts, 0) - 1);
  }
  if (options.return_counts) out.counts = diff(at, 1, 0, {}, core::full({1}, n, i64));
  return out;
}

Unique unique_elements(const Tensor& x, const UniqueOptions& options, bool sorts) {
  if (is_reduced_floating(x.dtype())) {
    Unique out = unique_elements(x.to(f32), options, sorts);
    out.values = out.values.to(x.dtype());
    return out;
  }
  const Tensor flat = x.detach().reshape({-1});
  const int64_t n = flat.numel();
  core::Ordered sorted{flat, Tensor()};
  if (sorts) sorted = core::order(flat, 0, n, false);
  Unique out;
  Tensor inverse;
  out.values = core::runs(sorted.values, options.return_inverse ? &inverse : nullptr,
                          options.return_counts ? &out.counts : nullptr);
  if (options.return_inverse) {
    out.inverse = inverse;
    if (sorts) {
      out.inverse = core::empty({n}, i64);
      core::put_taken(out.inverse, 0, sorted.indices, inverse);
    }
    out.inverse = out.inverse.reshape(x.shape());
  }
  return out;
}

}  // namespace

Tensor searchsorted(const Tensor& sorted_sequence, const Tensor& values,
                    const SearchsortedOptions& options) {
  check_sequence(sorted_sequence, values, options.sorter);
  const Tensor sequence = options.sorter.defined()
                              ? gather(sorted_sequence.detach(), -1, options.sorter)
                              : sorted_sequence;
  return search_in("searchsorted", "sorted_sequence", sequence, values, options.right);
}

Tensor bucketize(const Tensor& x, const Tensor& boundaries, bool right) {
  if (boundaries.dim() != 1)
    throw ShapeError(
        fmt::format("bucketize: boundaries is {}; it must be [n]", core::describe(boundaries)));
  return search_in("bucketize", "boundaries", boundaries, x, right);
}

Tensor isin(const Tensor& elements, const Tensor& test_elements, bool invert) {
  const DType type = core::result_type(elements, test_elements);
  const Tensor x = core::cast(elements, type).detach();
  const Tensor tests = core::cast(test_elements, type).detach().reshape({-1});
  if (tests.numel() == 0) return core::full(x.shape(), invert, boolean);
  const Tensor sorted = core::order(tests, 0, tests.numel(), false).values;
  const Tensor at = core::search("isin", "test_elements", sorted, x, false);
  const Tensor found = core::take(
      sorted, 0, core::binary("isin", kernels::Binary::minimum, at, Tensor(tests.numel() - 1)));
  return invert ? found != x : found == x;
}

Unique unique(const Tensor& x, const UniqueOptions& options) {
  return options.axis ? unique_slices("unique", x, options, true)
                      : unique_elements(x, options, true);
}

Unique unique_consecutive(const Tensor& x, const UniqueOptions& options) {
  return options.axis ? unique_slices("unique_consecutive", x, options, false)
                      : unique_elements(x, options, false);
}

}  // namespace tapehead
