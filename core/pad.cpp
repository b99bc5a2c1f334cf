#include "tapehead/core/detail/pad.h"

#include <algorithm>
#include <cstring>

#include "tapehead/core/detail/axis_split.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kPadGrain = 1 << 14;  // elements that justify a thread

// The rows of x, along the last padded axis, that the rows of a result are made of.
std::vector<int64_t> source_rows(const Shape& x, const std::vector<PaddedAxis>& axes) {
  std::vector<int64_t> rows{0};
  size_t next = 0;
  for (int axis = axes.front().axis; axis < axes.back().axis; ++axis) {
    const bool is_padded = axes[next].axis == axis;
    std::vector<int64_t> all;
    for (const int64_t row : rows) {
      const int64_t n = is_padded ? static_cast<int64_t>(axes[next].source.size()) : x[axis];
      for (int64_t i = 0; i < n; ++i)
        all.push_back(row * x[axis] + (is_padded ? axes[next].source[static_cast<size_t>(i)] : i));
    }
    if (is_padded) ++next;
    rows = std::move(all);
  }
  return rows;
}

// A row of blocks of `inner` elements, as wide as Item.
struct PaddedRow {
  const int64_t* source;
  int64_t first, last;  // results that are copied at once
  int64_t copied;       // the source of the first of them
  int64_t count, inner;
};

template <class Item>
void pad_row(const PaddedRow& r, const Item* x, Item* y) {
  const auto copy = [&](int64_t i) {
    if (r.inner == 1) y[i] = x[r.source[i]];
    else std::copy_n(x + r.source[i] * r.inner, r.inner, y + i * r.inner);
  };
  for (int64_t i = 0; i < r.first; ++i) copy(i);
  std::memcpy(y + r.first * r.inner, x + r.copied * r.inner,
              static_cast<size_t>((r.last - r.first) * r.inner) * sizeof(Item));
  for (int64_t i = r.last; i < r.count; ++i) copy(i);
}

PaddedRow row_of(const PaddedAxis& a, int64_t size, int64_t inner) {
  const auto count = static_cast<int64_t>(a.source.size());
  const int64_t first = std::clamp<int64_t>(a.before, 0, count);
  const int64_t last = std::clamp<int64_t>(a.before + size, first, count);
  return {a.source.data(), first, last, first - a.before, count, inner};
}

}  // namespace

Tensor pad_axes(const Tensor& x, const std::vector<PaddedAxis>& axes) {
  const Tensor from = contiguous(x);
  Shape shape = x.shape();
  for (const PaddedAxis& a : axes) shape[a.axis] = static_cast<int64_t>(a.source.size());
  const Tensor y = empty(shape, x.dtype());
  if (y.numel() == 0) return y;
  const AxisSplit split(x.shape(), axes.back().axis);
  const PaddedRow row = row_of(axes.back(), split.n, split.inner);
  const std::vector<int64_t> rows = source_rows(x.shape(), axes);
  const auto rows_of_plane = static_cast<int64_t>(rows.size());
  const int64_t planes = AxisSplit(x.shape(), axes.front().axis).outer;
  const int64_t plane_size = x.numel() / planes;
  const int64_t row_size = split.n * split.inner, width = row.count * split.inner;
  const auto pad_all = [&]<class Item>(const Item* source, Item* target) {
    parallel_range(planes * rows_of_plane, std::max<int64_t>(1, kPadGrain / width),
                   [&](int64_t begin, int64_t end) {
                     for (int64_t i = begin; i < end; ++i)
                       pad_row(row,
                               source + i / rows_of_plane * plane_size +
                                   rows[static_cast<size_t>(i % rows_of_plane)] * row_size,
                               target + i * width);
                   });
  };
  switch (size_of(x.dtype())) {
    case 1:
      pad_all(reinterpret_cast<const uint8_t*>(from.raw()), reinterpret_cast<uint8_t*>(y.raw()));
      break;
    case 2:
      pad_all(reinterpret_cast<const uint16_t*>(from.raw()), reinterpret_cast<uint16_t*>(y.raw()));
      break;
    case 4:
      pad_all(reinterpret_cast<const uint32_t*>(from.raw()), reinterpret_cast<uint32_t*>(y.raw()));
      break;
    default:
      pad_all(reinterpret_cast<const uint64_t*>(from.raw()), reinterpret_cast<uint64_t*>(y.raw()));
  }
  return y;
}

}  // namespace tapehead::core
