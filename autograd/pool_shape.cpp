#include "tapehead/autograd/detail/pool_shape.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead::detail {
namespace {

using core::PoolRanges;
using core::PoolWindows;

constexpr size_t pool_axis(int n, int i) { return static_cast<size_t>(3 - n + i); }

void check_pool_window(const char* op, const PoolWindows& w) {
  const auto check = [op](const char* what, int64_t value, int64_t least) {
    if (value < least)
      throw ValueError(fmt::format("{}: {} = {} is less than {}", op, what, value, least));
  };
  check("kernel_size", w.kernel, 1);
  check("stride", w.stride, 1);
  check("dilation", w.dilation, 1);
  check("padding", w.padding, 0);
  const int64_t span = (w.kernel - 1) * w.dilation + 1;
  if (w.padding > span / 2)
    throw ValueError(
        fmt::format("{}: padding = {} is more than half of the {} positions that the kernel spans",
                    op, w.padding, span));
}

}  // namespace

template <int N>
void check_planes(const char* op, const Tensor& x) {
  constexpr const char* kAxes[] = {"L", "H, W", "D, H, W"};
  core::check_floating(op, x);
  if (x.dim() != N + 1 && x.dim() != N + 2)
    throw ShapeError(fmt::format("{}: x is {}; expected [B, C, {}] or [C, {}]", op, x.shape().str(),
                                 kAxes[N - 1], kAxes[N - 1]));
  for (int i = 1; i <= N; ++i)
    if (x.size(-i) == 0)
      throw ShapeError(fmt::format("{}: x is {}; size({}) must not be 0", op, x.shape().str(), -i));
}

template <int N>
std::array<PoolWindows, 3> pool_windows(const char* op, const Tensor& x, const PoolOptions<N>& o) {
  check_planes<N>(op, x);
  std::array<PoolWindows, 3> windows;
  for (int i = 0; i < N; ++i) {
    PoolWindows& w = windows[pool_axis(N, i)];
    w = {x.size(i - N), o.kernel[i],   o.stride[i].value_or(o.kernel[i]),
         o.padding[i],  o.dilation[i], 0};
    check_pool_window(op, w);
    const int64_t span = (w.kernel - 1) * w.dilation + 1;
    const int64_t room = w.size + 2 * w.padding - span + (o.ceil_mode ? w.stride - 1 : 0);
    w.result = room < 0 ? 0 : room / w.stride + 1;
    if (o.ceil_mode && (w.result - 1) * w.stride >= w.size + w.padding) --w.result;
    if (w.result < 1)
      throw ShapeError(fmt::format(
          "{}: x is {}; size({}) = {}, with {} of padding, is less than the {} positions that the "
          "kernel spans",
          op, x.shape().str(), i - N, w.size, 2 * w.padding, span));
  }
  return windows;
}

std::array<PoolRanges, 3> mean_ranges(const std::array<PoolWindows, 3>& windows,
                                      bool count_include_pad) {
  std::array<PoolRanges, 3> ranges;
  for (size_t a = 0; a < 3; ++a) {
    const PoolWindows& w = windows[a];
    ranges[a] = {w.size, {}, {}, {}};
    for (int64_t i = 0; i < w.result; ++i) {
      const int64_t begin = i * w.stride - w.padding;
      const int64_t end = std::min(begin + w.kernel, w.size + w.padding);
      const int64_t first = std::max<int64_t>(begin, 0), last = std::min(end, w.size);
      ranges[a].begin.push_back(first);
      ranges[a].end.push_back(last);
      ranges[a].factor.push_back(
          1 / static_cast<double>(count_include_pad ? end - begin : last - first));
    }
  }
  return ranges;
}

template <int N>
std::array<PoolRanges, 3> adaptive_ranges(const char* op, const Tensor& x,
                                          const OptionalArray<N>& output_size) {
  check_planes<N>(op, x);
  std::array<PoolRanges, 3> ranges;
  for (int i = 0; i < N; ++i) {
    const int64_t size = x.size(i - N), n = output_size[i].value_or(size);
    if (n < 1) throw ValueError(fmt::format("{}: output_size = {} is less than 1", op, n));
    PoolRanges& r = ranges[pool_axis(N, i)];
    r = {size, {}, {}, {}};
    for (int64_t k = 0; k < n; ++k) {
      r.begin.push_back(k * size / n);
      r.end.push_back(((k + 1) * size + n - 1) / n);
      r.factor.push_back(1 / static_cast<double>(r.end.back() - r.begin.back()));
    }
  }
  return ranges;
}

template <int N>
Shape pooled_shape(const Shape& x, const std::array<PoolWindows, 3>& windows) {
  Shape shape = x;
  for (int i = 0; i < N; ++i) shape[x.rank() - N + i] = windows[pool_axis(N, i)].result;
  return shape;
}
template <int N>
Shape pooled_shape(const Shape& x, const std::array<PoolRanges, 3>& ranges) {
  Shape shape = x;
  for (int i = 0; i < N; ++i) shape[x.rank() - N + i] = ranges[pool_axis(N, i)].count();
  return shape;
}

int64_t planes_of(const Shape& x, int axes) {
  int64_t n = 1;
  for (int i = 0; i < x.rank() - axes; ++i) n *= x[i];
  return n;
}

#define TAPEHEAD_POOL_SHAPES(N)                                                     \
  template void check_planes<N>(const char*, const Tensor&);                        \
  template std::array<PoolWindows, 3> pool_windows<N>(const char*, const Tensor&,   \
                                                      const PoolOptions<N>&);       \
  template std::array<PoolRanges, 3> adaptive_ranges<N>(const char*, const Tensor&, \
                                                        const OptionalArray<N>&);   \
  template Shape pooled_shape<N>(const Shape&, const std::array<PoolWindows, 3>&);  \
  template Shape pooled_shape<N>(const Shape&, const std::array<PoolRanges, 3>&);
TAPEHEAD_POOL_SHAPES(1)
TAPEHEAD_POOL_SHAPES(2)
TAPEHEAD_POOL_SHAPES(3)
#undef TAPEHEAD_POOL_SHAPES

}  // namespace tapehead::detail
