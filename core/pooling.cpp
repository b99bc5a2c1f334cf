#include "tapehead/core/detail/pooling.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/correlation.h"
#include "tapehead/core/kernels/pooling.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kPoolWindow =
    1 << 14;  // elements of a window: a part of the L1 cache and L2 cache
constexpr int64_t kPoolGrain = 1 << 14;  // elements that justify a thread

// Calls f(first plane, last plane) in parallel.
template <class F>
void each_planes(int64_t planes, int64_t plane_size, F f) {
  parallel_range(planes, std::max<int64_t>(1, kPoolGrain / std::max<int64_t>(plane_size, 1)), f);
}

// Windows of one element, of which a correlation over one channel consists.
Correlation correlation_of(int64_t planes, const std::array<PoolWindows, 3>& axes) {
  Correlation c{};
  c.batch = planes, c.groups = c.in = c.out = 1;
  for (int i = 0; i < 3; ++i) {
    const PoolWindows& a = axes[static_cast<size_t>(i)];
    c.kernel[i] = a.kernel;
    c.axis[i] = {a.size, a.result, a.stride, a.result, 0, 1, {}};
    for (int64_t k = 0; k < a.kernel; ++k)
      c.axis[i].taps.push_back({k * a.dilation - a.padding, k});
  }
  return c;
}

// The first index of a window that is inside of the axis.
int64_t first_inside(const PoolWindows& a, int64_t i) {
  const int64_t begin = i * a.stride - a.padding;
  return begin >= 0 ? begin : begin + ceil_div(-begin, a.dilation) * a.dilation;
}

// Gives each -1 among the indices of a block the first position of its window.
void replace_none(const std::array<PoolWindows, 3>& axes, const CorrelationBlock& block,
                  int64_t* index) {
  for (int64_t r = 0; r < block.rows; ++r)
    for (int64_t i = 0; i < block.columns; ++i, ++index)
      if (*index < 0)
        *index = (first_inside(axes[0], block.plane) * axes[1].size +
                  first_inside(axes[1], block.row + r)) *
                     axes[2].size +
                 first_inside(axes[2], block.column + i);
}

// Ranges of equal sizes and distances, as windows.
std::optional<PoolWindows> equal_windows(const PoolRanges& r) {
  const PoolWindows w{.size = r.size,
                      .kernel = r.end[0] - r.begin[0],
                      .stride = r.count() > 1 ? r.begin[1] - r.begin[0] : 1,
                      .result = r.count()};
  for (size_t i = 0; i < r.begin.size(); ++i)
    if (r.begin[i] != static_cast<int64_t>(i) * w.stride || r.end[i] != r.begin[i] + w.kernel)
      return {};
  return w.stride > 0 ? std::optional(w) : std::nullopt;
}

// PoolRanges for kernels.
template <class T>
struct KernelRanges {
  std::vector<T> factors[3];
  kernels::PoolAxis<T> axes[3];

  explicit KernelRanges(const std::array<PoolRanges, 3>& ranges) {
    for (int i = 0; i < 3; ++i) {
      const PoolRanges& r = ranges[static_cast<size_t>(i)];
      factors[i].assign(r.factor.begin(), r.factor.end());
      axes[i] = {r.size, r.count(), r.begin.data(), r.end.data(), factors[i].data(), 1, 0, 0, 0};
      find_equal(r, axes[i]);
    }
  }

 private:
  // The largest run of windows of equal size and distance that starts at the first or second one.
  static void find_equal(const PoolRanges& r, kernels::PoolAxis<T>& a) {
    const auto at = [](const std::vector<int64_t>& v, int64_t i) {
      return v[static_cast<size_t>(i)];
    };
    for (int64_t first = 0; first < 2 && first + 1 < a.count; ++first) {
      const int64_t step = at(r.begin, first + 1) - at(r.begin, first);
      const int64_t span = at(r.end, first) - at(r.begin, first);
      int64_t last = first;
      while (last < a.count && at(r.begin, last) == at(r.begin, first) + (last - first) * step &&
             at(r.end, last) - at(r.begin, last) == span)
        ++last;
      if (step > 0 && last - first > a.inner_last - a.inner_first)
        a.step = step, a.span = span, a.inner_first = first, a.inner_last = last;
    }
  }
};

int64_t plane_size(const Tensor& t, int64_t planes) { return planes == 0 ? 0 : t.numel() / planes; }

}  // namespace

void max_pool(int64_t planes, const std::array<PoolWindows, 3>& axes, const Tensor& x,
              const Tensor& y, const Tensor& index) {
  if (y.numel() == 0) return;
  const Correlation c = correlation_of(planes, axes);
  const CorrelationPlan plan(c, true, kPoolWindow, INT64_MAX / 4);
  const int64_t H = axes[1].size, W = axes[2].size;
  std::vector<int64_t> offsets;
  for (int64_t i = 0; i < axes[0].kernel; ++i)
    for (int64_t j = 0; j < axes[1].kernel; ++j)
      for (int64_t k = 0; k < axes[2].kernel; ++k)
        offsets.push_back((i * axes[0].dilation * H + j * axes[1].dilation) * W +
                          k * axes[2].dilation);
  const int64_t x_size = plane_size(x, planes), y_size = plane_size(y, planes);
  const auto origin = [&](size_t axis, int64_t i) {
    return i * axes[axis].stride - axes[axis].padding;
  };
  visit_wide(x.dtype(), [&]<class T>() {
    each_planes(planes * plan.blocks(), x_size / plan.blocks(), [&](int64_t first, int64_t last) {
      const Tensor room = empty({plan.copied()}, dtype_of<T>());
      for (int64_t i = first; i < last; ++i) {
        const CorrelationBlock b = plan.block(i % plan.blocks());
        const int64_t plane = i / plan.blocks(), to = plane * y_size + plan.target(b);
        const T* window =
            plan.window<T>(b, x.data<T>() + plane * x_size, room.data<T>(), -INFINITY);
        int64_t* at = index.defined() ? index.data<int64_t>() + to : nullptr;
        const bool has_none = kernels::pooling<T>().max(
            {{window, plan.row_step(), b.rows, b.columns, plan.terms.data(),
              static_cast<int64_t>(plan.terms.size())},
             offsets.data(),
             (origin(0, b.plane) * H + origin(1, b.row)) * W + origin(2, b.column),
             axes[1].stride * W,
             axes[2].stride},
            y.data<T>() + to, at);
        if (has_none) replace_none(axes, b, at);
      }
    });
  });
}

void max_pool(int64_t planes, const std::array<PoolRanges, 3>& ranges, const Tensor& x,
              const Tensor& y, const Tensor& index) {
  if (y.numel() == 0) return;
  const auto depth = equal_windows(ranges[0]), height = equal_windows(ranges[1]),
             width = equal_windows(ranges[2]);
  if (depth && height && width && (width->kernel < 8 || width->result >= 16))
    return max_pool(planes, std::array{*depth, *height, *width}, x, y, index);
  const int64_t x_size = plane_size(x, planes), y_size = plane_size(y, planes);
  visit_wide(x.dtype(), [&]<class T>() {
    const KernelRanges<T> r(ranges);
    each_planes(planes, x_size, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i)
        kernels::pooling<T>().max_windows(x.data<T>() + i * x_size, r.axes,
                                          y.data<T>() + i * y_size,
                                          index.data<int64_t>() + i * y_size);
    });
  });
}

void max_pool(int64_t planes, const PlaneRanges& ranges, const Tensor& x, const Tensor& y,
              const Tensor& index) {
  const int64_t x_size = plane_size(x, planes), y_size = plane_size(y, planes);
  visit_wide(x.dtype(), [&]<class T>() {
    each_planes(planes, x_size, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i)
        kernels::pooling<T>().max_windows(
            x.data<T>() + i * x_size, KernelRanges<T>(ranges[static_cast<size_t>(i)]).axes,
            y.data<T>() + i * y_size, index.data<int64_t>() + i * y_size);
    });
  });
}

void sum_pool(int64_t planes, const std::array<PoolRanges, 3>& ranges, const Tensor& x,
              const Tensor& y) {
  const int64_t x_size = plane_size(x, planes), y_size = plane_size(y, planes);
  visit_wide(x.dtype(), [&]<class T>() {
    const KernelRanges<T> r(ranges);
    each_planes(planes, x_size, [&](int64_t first, int64_t last) {
      const Tensor row = empty({ranges[2].size}, dtype_of<T>());
      for (int64_t i = first; i < last; ++i)
        kernels::pooling<T>().sum(x.data<T>() + i * x_size, r.axes, row.data<T>(),
                                  y.data<T>() + i * y_size);
    });
  });
}

void sum_pool_gradient(int64_t planes, const std::array<PoolRanges, 3>& ranges, const Tensor& dy,
                       const Tensor& dx) {
  const int64_t x_size = plane_size(dx, planes), y_size = plane_size(dy, planes);
  visit_wide(dx.dtype(), [&]<class T>() {
    const KernelRanges<T> r(ranges);
    each_planes(planes, x_size, [&](int64_t first, int64_t last) {
      const Tensor row = empty({ranges[2].size}, dtype_of<T>());
      for (int64_t i = first; i < last; ++i)
        kernels::pooling<T>().sum_gradient(dy.data<T>() + i * y_size, r.axes, row.data<T>(),
                                           dx.data<T>() + i * x_size);
    });
  });
}

void gather_planes(int64_t planes, const Tensor& x, const Tensor& index, const Tensor& out) {
  const int64_t x_size = plane_size(x, planes), n = plane_size(index, planes);
  visit_wide(x.dtype(), [&]<class T>() {
    each_planes(planes, n, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i)
        kernels::pooling<T>().gather(x.data<T>() + i * x_size, index.data<int64_t>() + i * n, n,
                                     out.data<T>() + i * n);
    });
  });
}

void scatter_planes(int64_t planes, const Tensor& x, const Tensor& index, bool add,
                    const Tensor& out) {
  const int64_t size = plane_size(out, planes), n = plane_size(index, planes);
  visit_wide(x.dtype(), [&]<class T>() {
    each_planes(planes, size, [&](int64_t first, int64_t last) {
      std::fill_n(out.data<T>() + first * size, (last - first) * size, T(0));
      for (int64_t i = first; i < last; ++i)
        kernels::pooling<T>().scatter(x.data<T>() + i * n, index.data<int64_t>() + i * n, n, add,
                                      out.data<T>() + i * size);
    });
  });
}

}  // namespace tapehead::core
