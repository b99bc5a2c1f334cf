#include "tapehead/core/detail/softmax.h"

#include <algorithm>

#include "tapehead/core/detail/axis_split.h"
#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/kernels/loop.h"
#include "tapehead/core/kernels/rows.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kExpGrain = 1 << 13;  // elements whose exponentials justify a thread
constexpr int64_t kTaskColumns = 64;    // columns per task

// Calls rows(first element, count) for groups of rows if the axis is the last one, otherwise
// columns(first element, count) for groups of columns.
template <class Rows, class Columns>
void each_part(const AxisSplit& a, Rows rows, Columns columns) {
  if (a.outer * a.n * a.inner == 0) return;
  if (a.inner == 1) {
    parallel_range(a.outer, std::max<int64_t>(1, kExpGrain / a.n),
                   [&](int64_t begin, int64_t end) { rows(begin * a.n, end - begin); });
    return;
  }
  const int64_t groups = ceil_div(a.inner, kTaskColumns);
  // At least two, so that two threads do not write to the lines of memory that neighbours share at
  // the same time.
  parallel_range(
      a.outer * groups, std::max<int64_t>(2, kExpGrain / (a.n * std::min(a.inner, kTaskColumns))),
      [&](int64_t begin, int64_t end) {
        for (int64_t g = begin; g < end; ++g) {
          const int64_t column = g % groups * kTaskColumns;
          columns(g / groups * a.n * a.inner + column, std::min(kTaskColumns, a.inner - column));
        }
      });
}

}  // namespace

Tensor softmax(const Tensor& x, int axis, bool log) {
  if (const DType type = kernels::kernel_type(x.dtype()); type != x.dtype())
    return cast(softmax(cast(x, type), axis, log), x.dtype());
  const Tensor from = contiguous(x);
  const Tensor y = empty_like(from);
  const AxisSplit a(x.shape(), axis);
  const kernels::RowKernels& kernel = kernels::rows(x.dtype());
  const int64_t size = size_of(x.dtype());
  each_part(
      a,
      [&](int64_t at, int64_t count) {
        kernel.softmax[log](from.raw() + at * size, y.raw() + at * size, count, a.n);
      },
      [&](int64_t at, int64_t count) {
        kernel.softmax_columns[log](from.raw() + at * size, y.raw() + at * size, a.n, a.inner,
                                    count);
      });
  return y;
}

Tensor softmax_grad(const Tensor& result, const Tensor& gradient, int axis, bool log) {
  if (const DType type = kernels::kernel_type(result.dtype()); type != result.dtype())
    return cast(softmax_grad(cast(result, type), cast(gradient, type), axis, log), result.dtype());
  const Tensor y = contiguous(result), dy = contiguous(gradient);
  const Tensor dx = empty_like(y);
  const AxisSplit a(y.shape(), axis);
  const kernels::RowKernels& kernel = kernels::rows(y.dtype());
  const int64_t size = size_of(y.dtype());
  each_part(
      a,
      [&](int64_t at, int64_t count) {
        kernel.softmax_grad[log](y.raw() + at * size, dy.raw() + at * size, dx.raw() + at * size,
                                 count, a.n);
      },
      [&](int64_t at, int64_t count) {
        kernel.softmax_grad_columns[log](y.raw() + at * size, dy.raw() + at * size,
                                         dx.raw() + at * size, a.n, a.inner, count);
      });
  return dx;
}

}  // namespace tapehead::core
