#include "tapehead/core/detail/order.h"

#include <algorithm>
#include <numeric>

#include "tapehead/core/detail/axis_split.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/kernels/loop.h"
#include "tapehead/core/kernels/scan.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kOrderGrain = 1 << 14;  // elements that justify a thread
constexpr int64_t kScanColumns = kernels::ScanKernels::kColumns;

template <class T>
bool is_nan(T x) {
  return x != x;  // NOLINT(misc-redundant-expression): only a NaN differs from itself
}

// For each column of x [n, inner], the position of the first element equal to best [inner], or of
// the first NaN if best is NaN.
template <class T>
void find_first(const T* x, const T* best, int64_t* at, int64_t n, int64_t inner) {
  if (inner == 1) {
    const bool nan = is_nan(*best);
    const T value = *best;
    *at = (nan ? std::find_if(x, x + n, is_nan<T>) : std::find(x, x + n, value)) - x;
    return;
  }
  std::fill_n(at, inner, -1);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t c = 0; c < inner; ++c) {
      const T value = x[i * inner + c];
      if (at[c] < 0 && (value == best[c] || is_nan(value))) at[c] = i;
    }
}

Tensor swap_with_last(const Tensor& x, int axis) {
  if (x.dim() == 0) return x;
  Shape sizes = x.shape(), strides = x.strides();
  std::swap(sizes[axis], sizes[x.dim() - 1]);
  std::swap(strides[axis], strides[x.dim() - 1]);
  return view_of(x, sizes, strides, x.impl()->offset);
}

// The positions of the first k elements of the row in sorted order.
template <class T, bool kDescending>
void order_row(const T* x, int64_t n, int64_t k, int64_t* at) {
  const auto less = [=](T a, T b) { return a < b || (is_nan(b) && !is_nan(a)); };
  const auto before = [=](int64_t i, int64_t j) {
    const T a = kDescending ? x[j] : x[i], b = kDescending ? x[i] : x[j];
    return less(a, b) || (!less(b, a) && i < j);
  };
  if (k == 0) return;
  if (k == n) {
    std::iota(at, at + n, int64_t{0});
    std::sort(at, at + n, before);
    return;
  }
  // A heap of the best k so far; the comparison with the worst of them rejects most elements.
  std::iota(at, at + k, int64_t{0});
  std::make_heap(at, at + k, before);
  for (int64_t i = k; i < n; ++i) {
    const T worst = x[at[0]];
    if (kDescending ? x[i] <= worst : x[i] >= worst) continue;
    if (!before(i, at[0])) continue;
    std::pop_heap(at, at + k, before);
    at[k - 1] = i;
    std::push_heap(at, at + k, before);
  }
  std::sort_heap(at, at + k, before);
}

}  // namespace

Tensor arg_extremum(const Tensor& from, int axis, bool largest) {
  const Tensor x = contiguous(from);
  const auto kernel = largest ? kernels::Reduce::max : kernels::Reduce::min;
  const Tensor best = reduce("argmax", kernel, x, 1u << axis, true);
  const Tensor out = empty(best.shape(), i64);
  const AxisSplit a(x.shape(), axis);
  visit(x.dtype(), [&]<class T>() {
    const T *first = x.data<T>(), *wanted = best.data<T>();
    int64_t* at = out.data<int64_t>();
    const int64_t grain = std::max<int64_t>(1, kOrderGrain / std::max<int64_t>(a.n * a.inner, 1));
    parallel_range(a.outer, grain, [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o)
        find_first(first + o * a.n * a.inner, wanted + o * a.inner, at + o * a.inner, a.n, a.inner);
    });
  });
  return out;
}

Tensor order(const Tensor& from, int axis, int64_t k, bool descending) {
  const Tensor x = contiguous(swap_with_last(from, axis));
  Shape sizes = x.shape();
  if (x.dim() > 0) sizes[x.dim() - 1] = k;
  const Tensor out = empty(sizes, i64);
  const int64_t n = x.dim() == 0 ? 1 : x.shape().back();
  if (x.numel() > 0)
    visit(x.dtype(), [&]<class T>() {
      const T* first = x.data<T>();
      int64_t* at = out.data<int64_t>();
      const int64_t grain = std::max<int64_t>(1, kOrderGrain / 8 / n);
      parallel_range(x.numel() / n, grain, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row)
          if (descending) order_row<T, true>(first + row * n, n, k, at + row * k);
          else order_row<T, false>(first + row * n, n, k, at + row * k);
      });
    });
  return contiguous(swap_with_last(out, axis));
}

Tensor cumsum(const Tensor& from, int axis, bool from_end) {
  if (const DType type = kernels::kernel_type(from.dtype()); type != from.dtype()) {
    const Tensor out = cumsum(cast(from, type), axis, from_end);
    return is_floating(type) ? cast(out, from.dtype()) : out;
  }
  const Tensor x = contiguous(from);
  const Tensor out = empty(x.shape(), is_floating(x.dtype()) ? x.dtype() : i64);
  const AxisSplit a(x.shape(), axis);
  if (x.numel() == 0) return out;
  const int64_t start = from_end ? (a.n - 1) * a.inner : 0, step = from_end ? -a.inner : a.inner;
  const int64_t blocks = (a.inner + kScanColumns - 1) / kScanColumns;
  const int64_t grain = std::max<int64_t>(1, kOrderGrain / (a.n * std::min(a.inner, kScanColumns)));
  const auto sums = kernels::scan().sums[static_cast<int>(x.dtype())];
  parallel_range(a.outer * blocks, grain, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      const int64_t column = block % blocks * kScanColumns;
      const int64_t at = start + block / blocks * a.n * a.inner + column;
      sums(x.raw() + at * size_of(x.dtype()), out.raw() + at * size_of(out.dtype()), a.n, step,
           std::min(kScanColumns, a.inner - column));
    }
  });
  return out;
}

}  // namespace tapehead::core
