#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/groups.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kGrain = 1 << 14;  // elements that are worth a thread

// What sums are kept in.
template <class T>
using Sum = std::conditional_t<std::is_same_v<T, bfloat16>, float, T>;

// A tensor as [outer, axis, inner].
struct Blocks {
  int64_t outer = 1, inner = 1;
  Blocks(const Shape& shape, int axis) {
    for (int i = 0; i < axis; ++i) outer *= shape[i];
    for (int i = axis + 1; i < shape.rank(); ++i) inner *= shape[i];
  }
};

// to[i] += the sum of rows[j][i] over the given rows, i < width. The sum is cut into blocks, so
// that its error grows with their number and not with that of the rows.
template <class T>
void add_rows(T* to, const T* from, int64_t stride, const int64_t* rows, int64_t count,
              int64_t width) {
  constexpr int64_t kTile = 256, kBlock = 32;
  Sum<T> total[kTile], block[kTile];
  for (int64_t first = 0; first < width; first += kTile) {
    const int64_t n = std::min(kTile, width - first);
    for (int64_t i = 0; i < n; ++i) total[i] = static_cast<Sum<T>>(to[first + i]);
    for (int64_t begin = 0; begin < count; begin += kBlock) {
      const int64_t end = std::min(begin + kBlock, count);
      const T* row = from + rows[begin] * stride + first;
      for (int64_t i = 0; i < n; ++i) block[i] = static_cast<Sum<T>>(row[i]);
      for (int64_t j = begin + 1; j < end; ++j) {
        row = from + rows[j] * stride + first;
        for (int64_t i = 0; i < n; ++i) block[i] = static_cast<Sum<T>>(block[i] + row[i]);
      }
      for (int64_t i = 0; i < n; ++i) total[i] = static_cast<Sum<T>>(total[i] + block[i]);
    }
    for (int64_t i = 0; i < n; ++i) to[first + i] = static_cast<T>(total[i]);
  }
}

// Calls f(x, y) with the element of `x` that an index chooses and the element of `y` at the index,
// for all indices. Pieces that run at the same time touch different elements of `x`.
template <class T, class F>
void each_gathered(const Tensor& x, int axis, const Tensor& indices, const Tensor& y, F f) {
  const Shape& shape = indices.shape();
  if (indices.numel() == 0) return;
  if (shape.empty()) return f(*x.data<T>(), *y.data<T>());
  const int last = shape.rank() - 1;
  const bool along_last = axis == last;
  // A slab is what differs in the axis and the last axis only; it is cut into strips of columns.
  const int64_t length = shape[axis], columns = along_last ? 1 : shape[last];
  const int64_t slabs = indices.numel() / (length * columns);
  const int64_t width = std::clamp<int64_t>(kGrain / length, 16, std::max<int64_t>(columns, 16));
  const int64_t strips = (columns + width - 1) / width;
  const int64_t step_x = x.strides()[axis], step_y = y.strides()[axis],
                step_i = indices.strides()[axis];
  const int64_t column_x = along_last ? 0 : x.strides()[last],
                column_y = along_last ? 0 : y.strides()[last];
  const auto work = [&](int64_t task) {
    T* at_x = x.data<T>();
    T* at_y = y.data<T>();
    const auto* at = indices.data<int64_t>();
    int64_t rest = task / strips;
    for (int i = last; i >= 0; --i) {
      if (i == axis || i == last) continue;
      const int64_t p = rest % shape[i];
      rest /= shape[i];
      at_x += p * x.strides()[i], at_y += p * y.strides()[i], at += p * indices.strides()[i];
    }
    const int64_t begin = task % strips * width, end = std::min(begin + width, columns);
    for (int64_t k = 0; k < length; ++k)
      for (int64_t j = begin; j < end; ++j)
        f(at_x[at[k * step_i + j] * step_x + j * column_x], at_y[k * step_y + j * column_y]);
  };
  const int64_t grain = std::max<int64_t>(1, kGrain / (length * std::min(width, columns)));
  parallel_range(slabs * strips, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) work(task);
  });
}

// The corner of `x` that has the indices' sizes, except along the axis.
Tensor corner(const Tensor& x, int axis, const Tensor& indices) {
  Tensor out = x;
  for (int i = 0; i < x.dim(); ++i)
    if (i != axis && x.shape()[i] != indices.shape()[i])
      out = narrow(out, i, 0, indices.shape()[i]);
  return out;
}

}  // namespace

std::string position(const Shape& shape, int64_t i) {
  Shape at = shape;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    at[axis] = i % shape[axis];
    i /= shape[axis];
  }
  return shape.empty() ? "" : at.str();
}

Tensor check_indices(const char* op, const char* what, const Tensor& indices, int64_t limit) {
  if (!is_integral(indices.dtype()))
    throw DTypeError(fmt::format("{}: {} is {}; indices are integers, convert with to(i64)", op,
                                 what, name(indices.dtype())));
  Tensor out = contiguous(cast(indices, i64));
  const auto* at = out.data<int64_t>();
  for (int64_t i = 0, n = out.numel(); i < n; ++i)
    if (at[i] < 0 || at[i] >= limit)
      throw IndexError(fmt::format("{}: {}{} = {} is outside 0..{}", op, what,
                                   position(out.shape(), i), at[i], limit - 1));
  return out;
}

int64_t check_row(const char* op, const char* what, const std::optional<int64_t>& row,
                  int64_t rows) {
  if (!row) return -1;
  const int64_t at = *row < 0 ? *row + rows : *row;
  if (at < 0 || at >= rows)
    throw IndexError(fmt::format("{}: {} = {} is outside {}..{}", op, what, *row, -rows, rows - 1));
  return at;
}

Tensor take(const Tensor& x, int axis, const Tensor& indices) {
  const Tensor from = contiguous(x);
  const Blocks blocks(x.shape(), axis);
  Shape shape;
  for (int i = 0; i < axis; ++i) shape.push_back(x.shape()[i]);
  for (const int64_t size : indices.shape()) shape.push_back(size);
  for (int i = axis + 1; i < x.dim(); ++i) shape.push_back(x.shape()[i]);
  Tensor out = empty(shape, x.dtype());
  if (out.numel() == 0) return out;
  const int64_t n = indices.numel(), bytes = blocks.inner * size_of(x.dtype());
  const int64_t size = x.dim() == 0 ? 1 : x.shape()[axis];
  const auto* at = indices.data<int64_t>();
  parallel_range(blocks.outer * n, std::max<int64_t>(1, kGrain / blocks.inner),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t i = begin; i < end; ++i)
                     std::memcpy(out.raw() + i * bytes,
                                 from.raw() + (i / n * size + at[i % n]) * bytes,
                                 static_cast<size_t>(bytes));
                 });
  return out;
}

void add_taken(const Tensor& to, int axis, const Tensor& indices, const Tensor& x, int64_t skip) {
  if (x.numel() == 0) return;
  if (!to.is_contiguous()) {
    const Tensor dense = contiguous(to);
    add_taken(dense, axis, indices, x, skip);
    return copy_into(to, dense);
  }
  const Tensor from = contiguous(x);
  const Blocks blocks(to.shape(), axis);
  const int64_t n = indices.numel(), size = to.shape()[axis], inner = blocks.inner;
  const auto* at = indices.data<int64_t>();
  const Groups groups(at, n, size, skip);
  const int64_t rows =
      std::max<int64_t>(1, kGrain / (inner * (n / std::max<int64_t>(groups.size(), 1) + 1)));
  visit(to.dtype(), [&]<class T>() {
    parallel_range(blocks.outer * groups.size(), rows, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t outer = i / groups.size();
        const auto group = static_cast<size_t>(i % groups.size());
        const int64_t first = groups.starts[group], last = groups.starts[group + 1];
        const int64_t* order = groups.order.data() + first;
        add_rows(to.data<T>() + (outer * size + at[*order]) * inner,
                 from.data<T>() + outer * n * inner, inner, order, last - first, inner);
      }
    });
  });
}

Tensor gather(const Tensor& x, int axis, const Tensor& indices) {
  Tensor out = empty(indices.shape(), x.dtype());
  visit(x.dtype(), [&]<class T>() {
    each_gathered<T>(corner(x, axis, indices), axis, indices, out,
                     [](T& from, T& to) { to = from; });
  });
  return out;
}

void add_gathered(const Tensor& to, int axis, const Tensor& indices, const Tensor& x) {
  if (to.dtype() == bf16) {  // summed in f32
    const Tensor wide = cast(to, f32);
    add_gathered(wide, axis, indices, cast(x, f32));
    return copy_into(to, wide);
  }
  visit(to.dtype(), [&]<class T>() {
    each_gathered<T>(corner(to, axis, indices), axis, indices, x,
                     [](T& sum, T& term) { sum = static_cast<T>(sum + term); });
  });
}

Tensor nonzero_positions(const Tensor& x) {
  const Tensor from = contiguous(x);
  std::vector<int64_t> found;
  visit(x.dtype(), [&]<class T>() {
    const T* at = from.data<T>();
    for (int64_t i = 0, n = from.numel(); i < n; ++i)
      if (at[i] != T(0)) found.push_back(i);
  });
  Tensor out = empty({static_cast<int64_t>(found.size())}, i64);
  std::copy(found.begin(), found.end(), out.data<int64_t>());
  return out;
}

}  // namespace tapehead::core
