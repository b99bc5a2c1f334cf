#include "tapehead/core/detail/scan.h"

#include <algorithm>

#include "tapehead/core/detail/axis_split.h"
#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/kernels/scan.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kScanGrain = 1 << 14;  // elements that justify a thread
constexpr int64_t kScanColumns = kernels::ScanKernels::kColumns;

// The type whose kernels scan a dtype.
DType scan_type(DType dtype) { return is_floating(dtype) ? wide_type(dtype) : i64; }
int kernel_index(DType type) { return type == f32 ? 0 : type == f64 ? 1 : 2; }

// Calls f(position of the first element, stride, columns) for strips of columns of a non-empty
// row-major tensor.
template <class F>
void each_strip(const Shape& shape, int axis, bool from_end, F f) {
  const AxisSplit a(shape, axis);
  const int64_t start = from_end ? (a.n - 1) * a.inner : 0, step = from_end ? -a.inner : a.inner;
  const int64_t strips = ceil_div(a.inner, kScanColumns);
  const int64_t grain = std::max<int64_t>(1, kScanGrain / (a.n * std::min(a.inner, kScanColumns)));
  parallel_range(a.outer * strips, grain, [&](int64_t begin, int64_t end) {
    for (int64_t strip = begin; strip < end; ++strip) {
      const int64_t column = strip % strips * kScanColumns;
      f(start + strip / strips * a.n * a.inner + column, step,
        std::min(kScanColumns, a.inner - column));
    }
  });
}

}  // namespace

Tensor scan(Scan kind, const Tensor& from, int axis, bool from_end) {
  const DType type = scan_type(from.dtype());
  const Tensor x = contiguous(cast(from, type)), out = empty_like(x);
  const auto& table = kernels::scan();
  const int i = kernel_index(type);
  const auto kernel = kind == Scan::sum       ? table.sums[i]
                      : kind == Scan::product ? table.products[i]
                                              : table.log_sums[i];
  const int64_t bytes = size_of(type);
  if (x.numel() > 0)
    each_strip(x.shape(), axis, from_end, [&](int64_t at, int64_t step, int64_t columns) {
      kernel(x.raw() + at * bytes, out.raw() + at * bytes, x.dim() == 0 ? 1 : x.shape()[axis], step,
             columns);
    });
  return is_floating(from.dtype()) ? cast(out, from.dtype()) : out;
}

Ordered scan_extremes(const Tensor& from, int axis, bool largest, bool from_end) {
  const DType type = scan_type(from.dtype());
  const Tensor x = contiguous(cast(from, type)), out = empty_like(x);
  const Tensor at = empty(x.shape(), i64);
  const auto kernel = kernels::scan().extremes[largest ? 0 : 1][kernel_index(type)];
  const int64_t bytes = size_of(type);
  if (x.numel() > 0)
    each_strip(x.shape(), axis, from_end, [&](int64_t first, int64_t step, int64_t columns) {
      kernel(x.raw() + first * bytes, out.raw() + first * bytes, at.data<int64_t>() + first,
             x.dim() == 0 ? 1 : x.shape()[axis], step, columns);
    });
  return {cast(out, from.dtype()), at};
}

Tensor linear_recurrence(const Tensor& from, const Tensor& by, int axis, bool from_end) {
  const DType type = scan_type(from.dtype());
  const Tensor x = contiguous(cast(from, type)), factors = contiguous(cast(by, type));
  const Tensor out = empty_like(x);
  const auto kernel = kernels::scan().recurrences[kernel_index(type)];
  const int64_t bytes = size_of(type);
  if (x.numel() > 0)
    each_strip(x.shape(), axis, from_end, [&](int64_t at, int64_t step, int64_t columns) {
      kernel(x.raw() + at * bytes, factors.raw() + at * bytes, out.raw() + at * bytes,
             x.dim() == 0 ? 1 : x.shape()[axis], step, columns);
    });
  return cast(out, from.dtype());
}

}  // namespace tapehead::core
