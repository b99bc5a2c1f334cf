#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "tapehead/core/detail/axis_split.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/groups.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/index.h"
#include "tapehead/core/kernels/loop.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kIndexGrain = 1 << 14;  // elements that justify a thread

// Runs a kernel on the elements of `x` selected by the indices and the elements of `y` at the
// positions of the indices. Concurrent pieces touch disjoint elements of `x`.
void run_gathered(void (*kernel)(const kernels::Gathered&), const Tensor& x, int axis,
                  const Tensor& indices, const Tensor& y) {
  const Shape& shape = indices.shape();
  if (indices.numel() == 0) return;
  if (shape.empty())
    return kernel({.x = x.raw(),
                   .y = y.raw(),
                   .indices = indices.data<int64_t>(),
                   .length = 1,
                   .columns = 1});
  const int last = shape.rank() - 1;
  const bool along_last = axis == last;
  // A slab spans the indexed axis and the last axis; it is cut into strips of columns.
  const int64_t length = shape[axis], columns = along_last ? 1 : shape[last];
  const int64_t slabs = indices.numel() / (length * columns);
  const int64_t width =
      std::clamp<int64_t>(kIndexGrain / length, 16, std::max<int64_t>(columns, 16));
  const int64_t strips = (columns + width - 1) / width;
  const int64_t step_x = x.strides()[axis], step_y = y.strides()[axis],
                step_i = indices.strides()[axis];
  const int64_t column_x = along_last ? 0 : x.strides()[last],
                column_y = along_last ? 0 : y.strides()[last];
  const int64_t size = size_of(x.dtype());
  const auto work = [&](int64_t task) {
    int64_t at_x = 0, at_y = 0;
    const auto* at = indices.data<int64_t>();
    int64_t rest = task / strips;
    for (int i = last; i >= 0; --i) {
      if (i == axis || i == last) continue;
      const int64_t p = rest % shape[i];
      rest /= shape[i];
      at_x += p * x.strides()[i], at_y += p * y.strides()[i], at += p * indices.strides()[i];
    }
    const int64_t begin = task % strips * width, end = std::min(begin + width, columns);
    kernel({.x = x.raw() + (at_x + begin * column_x) * size,
            .y = y.raw() + (at_y + begin * column_y) * size,
            .indices = at + begin,
            .length = length,
            .columns = end - begin,
            .step_x = step_x,
            .step_y = step_y,
            .step_index = step_i,
            .column_x = column_x,
            .column_y = column_y});
  };
  const int64_t grain = std::max<int64_t>(1, kIndexGrain / (length * std::min(width, columns)));
  parallel_range(slabs * strips, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) work(task);
  });
}

// The leading part of `x` with the indices' sizes, except along the axis.
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
    throw DTypeError(fmt::format("{}: {} is {}; indices must be integers; convert with to(i64)", op,
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
  const AxisSplit blocks(x.shape(), axis);
  Shape shape;
  for (int i = 0; i < axis; ++i) shape.push_back(x.shape()[i]);
  for (const int64_t size : indices.shape()) shape.push_back(size);
  for (int i = axis + 1; i < x.dim(); ++i) shape.push_back(x.shape()[i]);
  Tensor out = empty(shape, x.dtype());
  if (out.numel() == 0) return out;
  const int64_t n = indices.numel(), bytes = blocks.inner * size_of(x.dtype());
  const int64_t size = x.dim() == 0 ? 1 : x.shape()[axis];
  const auto* at = indices.data<int64_t>();
  parallel_range(blocks.outer * n, std::max<int64_t>(1, kIndexGrain / blocks.inner),
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
  const DType type = kernels::kernel_type(to.dtype());
  if (type != to.dtype()) {
    const Tensor wide = cast(to, type);
    add_taken(wide, axis, indices, cast(x, type), skip);
    return copy_into(to, wide);
  }
  if (!to.is_contiguous()) {
    const Tensor dense = contiguous(to);
    add_taken(dense, axis, indices, x, skip);
    return copy_into(to, dense);
  }
  const Tensor from = contiguous(x);
  const AxisSplit blocks(to.shape(), axis);
  const int64_t n = indices.numel(), size = to.shape()[axis], inner = blocks.inner;
  const auto* at = indices.data<int64_t>();
  const Groups groups(at, n, size, skip);
  const int64_t rows =
      std::max<int64_t>(1, kIndexGrain / (inner * (n / std::max<int64_t>(groups.size(), 1) + 1)));
  const auto add_rows = kernels::index().add_rows[static_cast<int>(to.dtype())];
  const int64_t bytes = size_of(to.dtype());
  parallel_range(blocks.outer * groups.size(), rows, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t outer = i / groups.size();
      const auto group = static_cast<size_t>(i % groups.size());
      const int64_t first = groups.starts[group], last = groups.starts[group + 1];
      const int64_t* order = groups.order.data() + first;
      add_rows(to.raw() + (outer * size + at[*order]) * inner * bytes,
               from.raw() + outer * n * inner * bytes, inner, order, last - first, inner);
    }
  });
}

Tensor gather(const Tensor& x, int axis, const Tensor& indices) {
  Tensor out = empty(indices.shape(), x.dtype());
  run_gathered(kernels::index().gather[static_cast<int>(x.dtype())], corner(x, axis, indices), axis,
               indices, out);
  return out;
}

void add_gathered(const Tensor& to, int axis, const Tensor& indices, const Tensor& x) {
  // bf16, too, is accumulated in f32.
  const DType type = to.dtype() == bf16 ? f32 : kernels::kernel_type(to.dtype());
  if (type != to.dtype()) {
    const Tensor wide = cast(to, type);
    add_gathered(wide, axis, indices, cast(x, type));
    return copy_into(to, wide);
  }
  run_gathered(kernels::index().add_gathered[static_cast<int>(to.dtype())],
               corner(to, axis, indices), axis, indices, x);
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
