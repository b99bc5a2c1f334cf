#include "tapehead/core/detail/taps.h"

#include <algorithm>
#include <numeric>

#include "tapehead/core/creation.h"
#include "tapehead/core/detail/axis_split.h"
#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/kernels/index.h"
#include "tapehead/core/kernels/taps.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kTapGrain = 1 << 14;  // products that justify a thread
constexpr int64_t kPointsAtOnce = 512;  // whose slots stay in the cache

int64_t tap_grain(int64_t products) {
  return std::max<int64_t>(1, kTapGrain / std::max<int64_t>(products, 1));
}

// AxisTaps for kernels.
template <class T>
class KernelTaps {
 public:
  explicit KernelTaps(const AxisTaps& taps) : weight_(taps.weight.begin(), taps.weight.end()) {
    axis = {taps.size, taps.count(), taps.start.data(), taps.index.data(), weight_.data(), {}, 0, 0,
            0};
    find_copies(taps);
    fill_slots(taps);
  }
  kernels::TapsOfAxis<T> axis;

 private:
  // The longest run of results that are copies of successive elements, if most are.
  void find_copies(const AxisTaps& taps) {
    const int64_t n = axis.count;
    const auto source = [&](int64_t i) {
      const int64_t k = axis.start[i];
      return axis.start[i + 1] == k + 1 && axis.weight[k] == 1 ? taps.index[static_cast<size_t>(k)]
                                                               : -1;
    };
    for (int64_t first = 0, last; first < n; first = last) {
      last = first + 1;
      if (source(first) < 0) continue;
      while (last < n && source(last) == source(first) + (last - first)) ++last;
      if (last - first > axis.last - axis.first)
        axis.first = first, axis.last = last, axis.copied = source(first);
    }
    if (axis.last - axis.first < n / 2) axis.first = axis.last = 0;
  }
  void fill_slots(const AxisTaps& taps) {
    const int64_t n = axis.count;
    int64_t slots = 1;
    for (int64_t i = 0; i < n; ++i) slots = std::max(slots, axis.start[i + 1] - axis.start[i]);
    slot_index_.assign(static_cast<size_t>(slots * n), -1);
    slot_weight_.assign(static_cast<size_t>(slots * n), 0);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t k = axis.start[i]; k < axis.start[i + 1]; ++k) {
        const auto at = static_cast<size_t>(i * slots + k - axis.start[i]);
        slot_index_[at] = taps.index[static_cast<size_t>(k)];
        slot_weight_[at] = axis.weight[k];
      }
    axis.slots = {slot_index_.data(), slot_weight_.data(), slots, n};
  }

  std::vector<T> weight_, slot_weight_;
  std::vector<int32_t> slot_index_;
};

// One axis of a plane [outer, size, inner].
template <class T>
struct TapPass {
  KernelTaps<T> taps;
  int64_t outer, inner;
};

// The passes over the axes of a plane, in the order that keeps it small.
template <class T>
std::vector<TapPass<T>> passes_of(Shape plane, int first_axis, const std::vector<AxisTaps>& axes) {
  std::vector<TapPass<T>> passes;
  double growth = 1;
  for (const AxisTaps& a : axes)
    growth *= static_cast<double>(a.count()) / static_cast<double>(std::max<int64_t>(a.size, 1));
  for (size_t i = 0; i < axes.size(); ++i) {
    const AxisTaps& a = axes[growth > 1 ? axes.size() - 1 - i : i];
    const AxisSplit split(plane, a.axis - first_axis);
    passes.push_back({KernelTaps<T>(a), split.outer, split.inner});
    plane[a.axis - first_axis] = a.count();
  }
  return passes;
}

template <class T>
void sum_planes(const Tensor& x, const std::vector<AxisTaps>& axes, const Tensor& y) {
  const int first_axis = axes.front().axis;
  const int64_t planes = AxisSplit(x.shape(), first_axis).outer;
  const int64_t size = x.numel() / planes, result = y.numel() / planes;
  Shape plane;
  for (int i = first_axis; i < x.dim(); ++i) plane.push_back(x.shape()[i]);
  const auto passes = passes_of<T>(plane, first_axis, axes);
  int64_t room = 0;
  for (const auto& p : passes) room = std::max(room, p.outer * p.taps.axis.count * p.inner);
  parallel_range(planes, tap_grain(room), [&](int64_t begin, int64_t end) {
    const Tensor rooms = empty({2, passes.size() > 1 ? room : 0}, dtype_of<T>());
    for (int64_t i = begin; i < end; ++i) {
      const T* from = x.data<T>() + i * size;
      for (size_t k = 0; k < passes.size(); ++k) {
        const TapPass<T>& p = passes[k];
        T* to = k + 1 == passes.size() ? y.data<T>() + i * result
                                       : rooms.data<T>() + static_cast<int64_t>(k % 2) * room;
        kernels::taps<T>().sum_axis(p.taps.axis, from, p.outer, p.inner, to);
        from = to;
      }
    }
  });
}

// Memory for the slots of a few points, which are adjacent there.
template <class T>
class SlotRoom {
 public:
  explicit SlotRoom(int64_t slots)
      : slots_(slots),
        index_(empty({kPointsAtOnce, slots}, i32)),
        weight_(empty({kPointsAtOnce, slots}, dtype_of<T>())) {}
  /// The slots of the points first..first+n-1 of a sample. Without w, their weights are 0.
  kernels::TapSlots<T> fill(const Tensor& index, const Tensor* w, int64_t sample, int64_t first,
                            int64_t n) const {
    const int64_t P = index.size(2), at = sample * slots_ * P + first;
    transpose<int32_t>(index_.data<int32_t>(), slots_, index.data<int32_t>() + at, P, n, slots_);
    if (w) transpose<T>(weight_.data<T>(), slots_, w->data<T>() + at, P, n, slots_);
    else std::fill_n(weight_.data<T>(), n * slots_, T(0));
    return {index_.data<int32_t>(), weight_.data<T>(), slots_, n};
  }
  T* weights() const { return weight_.data<T>(); }
  /// Stores weights() of the points first..first+n-1 of a sample.
  void store(const Tensor& w, int64_t sample, int64_t first, int64_t n) const {
    const int64_t P = w.size(2), at = sample * slots_ * P + first;
    transpose<T>(w.data<T>() + at, P, weight_.data<T>(), slots_, slots_, n);
  }

 private:
  template <class E>
  static void transpose(E* to, int64_t to_step, const E* from, int64_t from_step, int64_t rows,
                        int64_t columns) {
    kernels::index().transpose[static_cast<int>(dtype_of<E>())](to, to_step, from, from_step, rows,
                                                                columns);
  }
  int64_t slots_;
  Tensor index_, weight_;
};

// Calls f(slots, channels, first channel, first point of it) for all points, a few at a time.
template <class T, class F>
void each_strip(int64_t N, int64_t C, const Tensor& w, const Tensor& index, F f) {
  constexpr int64_t kChannels = 32;
  const int64_t groups = ceil_div(C, kChannels), K = w.size(1), P = w.size(2);
  parallel_range(N * groups, tap_grain(kChannels * K * P), [&](int64_t begin, int64_t end) {
    const SlotRoom<T> room(K);
    for (int64_t task = begin; task < end; ++task) {
      const int64_t sample = task / groups, c = task % groups * kChannels;
      for (int64_t first = 0; first < P; first += kPointsAtOnce)
        f(room.fill(index, &w, sample, first, std::min(kPointsAtOnce, P - first)),
          std::min(C - c, kChannels), sample * C + c, first);
    }
  });
}

}  // namespace

AxisTaps AxisTaps::transposed() const {
  std::vector<int64_t> taps(static_cast<size_t>(size) + 1);
  for (const int32_t i : index) ++taps[static_cast<size_t>(i) + 1];
  std::partial_sum(taps.begin(), taps.end(), taps.begin());
  AxisTaps out{axis, count(), taps, std::vector<int32_t>(index.size()),
               std::vector<double>(index.size())};
  for (int64_t i = 0; i < count(); ++i)
    for (auto k = static_cast<size_t>(start[static_cast<size_t>(i)]);
         k < static_cast<size_t>(start[static_cast<size_t>(i) + 1]); ++k) {
      const auto to = static_cast<size_t>(taps[static_cast<size_t>(index[k])]++);
      out.index[to] = static_cast<int32_t>(i), out.weight[to] = weight[k];
    }
  return out;
}

Tensor sum_taps(const Tensor& x, const std::vector<AxisTaps>& axes) {
  Shape shape = x.shape();
  for (const AxisTaps& a : axes) shape[a.axis] = a.count();
  const Tensor y = empty(shape, x.dtype());
  if (y.numel() == 0) return y;
  if (x.numel() == 0) return core::full(shape, 0, x.dtype());
  const Tensor from = contiguous(x);
  visit_wide(x.dtype(), [&]<class T>() { sum_planes<T>(from, axes, y); });
  return y;
}

Tensor gather_taps(const Tensor& x, const Tensor& w, const Tensor& index) {
  const int64_t C = x.size(1), S = x.size(2), P = w.size(2);
  const Tensor y = empty({x.size(0), C, P}, x.dtype());
  visit_wide(x.dtype(), [&]<class T>() {
    each_strip<T>(x.size(0), C, w, index,
                  [&](const auto& slots, int64_t channels, int64_t c, int64_t first) {
                    kernels::taps<T>().gather(slots, {channels, S, P}, x.data<T>() + c * S,
                                              y.data<T>() + c * P + first);
                  });
  });
  return y;
}

Tensor scatter_taps(const Tensor& y, const Tensor& w, const Tensor& index, int64_t S) {
  const int64_t C = y.size(1), P = y.size(2);
  const Tensor x = core::full({y.size(0), C, S}, 0, y.dtype());
  visit_wide(x.dtype(), [&]<class T>() {
    each_strip<T>(y.size(0), C, w, index,
                  [&](const auto& slots, int64_t channels, int64_t c, int64_t first) {
                    kernels::taps<T>().scatter(slots, {channels, S, P}, y.data<T>() + c * P + first,
                                               x.data<T>() + c * S);
                  });
  });
  return x;
}

Tensor product_taps(const Tensor& x, const Tensor& y, const Tensor& index) {
  const int64_t C = x.size(1), S = x.size(2), K = index.size(1), P = index.size(2);
  const Tensor w = empty(index.shape(), x.dtype());
  const int64_t strips = ceil_div(P, kPointsAtOnce);
  visit_wide(x.dtype(), [&]<class T>() {
    parallel_range(x.size(0) * strips, 1, [&](int64_t begin, int64_t end) {
      const SlotRoom<T> room(K);
      for (int64_t task = begin; task < end; ++task) {
        const int64_t sample = task / strips, first = task % strips * kPointsAtOnce;
        const int64_t n = std::min(kPointsAtOnce, P - first);
        kernels::taps<T>().product(room.fill(index, nullptr, sample, first, n), {C, S, P},
                                   x.data<T>() + sample * C * S,
                                   y.data<T>() + sample * C * P + first, room.weights());
        room.store(w, sample, first, n);
      }
    });
  });
  return w;
}

Tensor grid_weights(const GridTaps& taps, int order, const Tensor& g, const Tensor& index) {
  const int64_t K = taps.taps, P = g.size(1);
  const Tensor w = empty({g.size(0), K, P}, g.dtype());
  visit_wide(g.dtype(), [&]<class T>() {
    kernels::GridAxis<T> axis{taps.size,
                              static_cast<T>(taps.scale),
                              static_cast<T>(taps.shift),
                              static_cast<T>(taps.low),
                              static_cast<T>(taps.high),
                              taps.padding != GridPadding::zeros,
                              taps.padding == GridPadding::reflection,
                              taps.each_tap,
                              taps.taps,
                              taps.first,
                              order,
                              {}};
    for (int k = 0; k < taps.taps; ++k)
      for (int power = order; power < 4; ++power) {
        double factor = taps.weight[k][power];
        for (int m = 0; m < order; ++m) factor *= power - m;
        axis.weight[k][power - order] = static_cast<T>(factor);
      }
    parallel_range(g.size(0) * K, tap_grain(P), [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i)
        kernels::taps<T>().grid(axis, static_cast<int>(i % K), g.data<T>() + i / K * P, P,
                                index.defined() ? index.data<int32_t>() + i * P : nullptr,
                                w.data<T>() + i * P);
    });
  });
  return w;
}

Tensor combine_taps(const Tensor& rows, const Tensor& within, int64_t n) {
  const int64_t A = rows.size(1), B = within.size(1), P = rows.size(2);
  const Tensor index = empty({rows.size(0), A * B, P}, i32);
  parallel_range(rows.size(0) * A * B, tap_grain(P), [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i)
      kernels::taps<float>().combine(rows.data<int32_t>() + i / B * P,
                                     within.data<int32_t>() + (i / (A * B) * B + i % B) * P, P,
                                     static_cast<int32_t>(n), index.data<int32_t>() + i * P);
  });
  return index;
}

}  // namespace tapehead::core
