#include "tapehead/core/detail/order.h"

#include <algorithm>
#include <numeric>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/reduce.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kGrain = 1 << 14;  // elements that are worth a thread

// A row-major tensor around one axis: [outer, n, inner].
struct Around {
  int64_t outer = 1, n = 1, inner = 1;
  Around(const Shape& shape, int axis) {
    for (int i = 0; i < shape.rank(); ++i) (i < axis ? outer : i > axis ? inner : n) *= shape[i];
  }
  // Outer positions that make up the work of a thread.
  int64_t grain() const { return std::max<int64_t>(1, kGrain / std::max<int64_t>(n * inner, 1)); }
};

template <class T>
bool is_nan(T x) {
  return x != x;
}

// Positions in [n, inner] of the first elements equal to best [inner].
template <class T>
void find_first(const T* x, const T* best, int64_t* at, int64_t n, int64_t inner) {
  const auto same = [](T a, T b) { return a == b || (is_nan(a) && is_nan(b)); };
  if (inner == 1) {
    int64_t i = 0;
    while (i + 1 < n && !same(x[i], *best)) ++i;
    *at = i;
    return;
  }
  std::fill_n(at, inner, -1);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t c = 0; c < inner; ++c)
      if (at[c] < 0 && same(x[i * inner + c], best[c])) at[c] = i;
}

Tensor swap_with_last(const Tensor& x, int axis) {
  if (x.dim() == 0) return x;
  Shape sizes = x.shape(), strides = x.strides();
  std::swap(sizes[axis], sizes[x.dim() - 1]);
  std::swap(strides[axis], strides[x.dim() - 1]);
  return view_of(x, sizes, strides, x.impl()->offset);
}

// The first k positions of a row in order.
template <class T>
void order_row(const T* x, int64_t n, int64_t k, bool descending, int64_t* at) {
  std::iota(at, at + n, int64_t{0});
  const auto less = [=](int64_t i, int64_t j) {
    const T a = x[i], b = x[j];
    return a < b || (is_nan(b) && !is_nan(a));
  };
  const auto before = [=](int64_t i, int64_t j) {
    if (descending ? less(j, i) : less(i, j)) return true;
    return !(descending ? less(i, j) : less(j, i)) && i < j;
  };
  if (k < n) std::partial_sort(at, at + k, at + n, before);
  else std::sort(at, at + n, before);
}

}  // namespace

Tensor arg_extremum(const Tensor& from, int axis, bool largest) {
  const Tensor x = contiguous(from);
  const auto kernel = largest ? kernels::Reduce::max : kernels::Reduce::min;
  const Tensor best = reduce("argmax", kernel, x, 1u << axis, true);
  const Tensor out = empty(best.shape(), i64);
  const Around a(x.shape(), axis);
  visit(x.dtype(), [&]<class T>() {
    parallel_range(a.outer, a.grain(), [&](int64_t begin, int64_t end) {
      for (int64_t o = begin; o < end; ++o)
        find_first(x.data<T>() + o * a.n * a.inner, best.data<T>() + o * a.inner,
                   out.data<int64_t>() + o * a.inner, a.n, a.inner);
    });
  });
  return out;
}

Tensor order(const Tensor& from, int axis, int64_t k, bool descending) {
  const Tensor x = contiguous(swap_with_last(from, axis));
  const Tensor all = empty(x.shape(), i64);
  const int64_t n = x.dim() == 0 ? 1 : x.shape().back();
  if (x.numel() > 0)
    visit(x.dtype(), [&]<class T>() {
      parallel_range(
          x.numel() / n, std::max<int64_t>(1, kGrain / 8 / n), [&](int64_t begin, int64_t end) {
            for (int64_t row = begin; row < end; ++row)
              order_row(x.data<T>() + row * n, n, k, descending, all.data<int64_t>() + row * n);
          });
    });
  if (x.dim() == 0) return all;
  Shape sizes = x.shape();
  sizes[x.dim() - 1] = k;
  return contiguous(swap_with_last(view_of(all, sizes, all.strides(), 0), axis));
}

Tensor cumsum(const Tensor& from, int axis, bool from_end) {
  const Tensor x = contiguous(from);
  const Tensor out = empty(x.shape(), is_floating(x.dtype()) ? x.dtype() : i64);
  const Around a(x.shape(), axis);
  const int64_t first = from_end ? a.n - 1 : 0, step = from_end ? -a.inner : a.inner;
  const auto lines = [&]<class T, class Sum, class Out>() {
    parallel_range(a.outer, a.grain(), [&](int64_t begin, int64_t end) {
      for (int64_t line = begin * a.inner; line < end * a.inner; ++line) {
        int64_t at = line / a.inner * a.n * a.inner + line % a.inner + first * a.inner;
        Sum total = 0;
        for (int64_t i = 0; i < a.n; ++i, at += step) {
          total += static_cast<Sum>(x.data<T>()[at]);
          out.data<Out>()[at] = static_cast<Out>(total);
        }
      }
    });
  };
  visit(x.dtype(), [&]<class T>() {
    if constexpr (is_floating(dtype_of<T>())) lines.template operator()<T, double, T>();
    else lines.template operator()<T, uint64_t, int64_t>();
  });
  return out;
}

}  // namespace tapehead::core
