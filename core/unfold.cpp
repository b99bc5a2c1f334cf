#include "tapehead/core/detail/unfold.h"

#include <algorithm>

#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/kernels/unfold.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kUnfoldGrain = 1 << 14;  // elements that justify a thread

// The results whose tap k lies in the axis: first..last-1.
struct Inside {
  int64_t first, last;
  Inside(const PoolWindows& w, int64_t k) {
    const int64_t shift = k * w.dilation - w.padding;  // of the tap of result 0
    first = shift >= 0 ? 0 : ceil_div(-shift, w.stride);
    last = w.size > shift ? (w.size - shift - 1) / w.stride + 1 : 0;
    first = std::min(first, w.result), last = std::clamp(last, first, w.result);
  }
};

// Calls f(column, x, first, n) for each tap and each row of windows, whose elements start at
// `column`: n of them, from `first` on, are the elements of the plane from `x` on, a stride apart.
template <class F>
void each_window_row(const PlaneWindows& windows, F f) {
  const PoolWindows &v = windows[0], &h = windows[1];
  int64_t column = 0;
  for (int64_t i = 0; i < v.kernel; ++i)
    for (int64_t j = 0; j < h.kernel; ++j) {
      const Inside down(v, i), across(h, j);
      for (int64_t r = 0; r < v.result; ++r, column += h.result) {
        const bool inside = r >= down.first && r < down.last;
        const int64_t row = r * v.stride + i * v.dilation - v.padding;
        const int64_t at = row * h.size + across.first * h.stride + j * h.dilation - h.padding;
        f(column, at, across.first, inside ? across.last - across.first : 0);
      }
    }
}

template <class F>
void each_plane(int64_t planes, const PlaneWindows& windows, F f) {
  const int64_t x = windows[0].size * windows[1].size;
  const int64_t columns =
      windows[0].kernel * windows[1].kernel * windows[0].result * windows[1].result;
  parallel_range(planes, std::max<int64_t>(1, kUnfoldGrain / std::max<int64_t>(columns, 1)),
                 [&](int64_t first, int64_t last) {
                   for (int64_t i = first; i < last; ++i) f(i * x, x, i * columns);
                 });
}

}  // namespace

void unfold(int64_t planes, const PlaneWindows& windows, const Tensor& x, const Tensor& columns) {
  const int64_t width = windows[1].result, step = windows[1].stride;
  visit_wide(x.dtype(), [&]<class T>() {
    each_plane(planes, windows, [&](int64_t plane, int64_t, int64_t start) {
      const T* from = x.data<T>() + plane;
      T* to = columns.data<T>() + start;
      each_window_row(windows, [&](int64_t column, int64_t at, int64_t first, int64_t n) {
        T* row = to + column;
        if (n == 0) return void(std::fill_n(row, width, T(0)));
        std::fill_n(row, first, T(0));
        kernels::unfold<T>().copy(from + at, step, n, row + first);
        std::fill_n(row + first + n, width - first - n, T(0));
      });
    });
  });
}

void fold(int64_t planes, const PlaneWindows& windows, const Tensor& columns, const Tensor& x) {
  const int64_t step = windows[1].stride;
  visit_wide(x.dtype(), [&]<class T>() {
    each_plane(planes, windows, [&](int64_t plane, int64_t size, int64_t start) {
      T* to = x.data<T>() + plane;
      const T* from = columns.data<T>() + start;
      std::fill_n(to, size, T(0));
      each_window_row(windows, [&](int64_t column, int64_t at, int64_t first, int64_t n) {
        if (n > 0) kernels::unfold<T>().add(from + column + first, n, step, to + at);
      });
    });
  });
}

}  // namespace tapehead::core
