// Indices and the rows that they select; gather.cpp has single elements.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "tapehead/core/detail/axis_split.h"
#include "tapehead/core/detail/ceil_div.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/groups.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/index.h"
#include "tapehead/core/kernels/loop.h"
#include "tapehead/core/parallel.h"

namespace tapehead::core {
namespace {

constexpr int64_t kIndexGrain = 1 << 16;  // elements that justify a thread
constexpr int64_t kFewRepeats = 16;       // of an index, on average

Tensor as_i64(const char* op, const char* what, const Tensor& indices) {
  if (!is_integral(indices.dtype()))
    throw DTypeError(fmt::format("{}: {} is {}; indices must be integers; convert with to(i64)", op,
                                 what, name(indices.dtype())));
  return contiguous(cast(indices, i64));
}

[[noreturn]] void throw_outside(const char* op, const char* what, const Tensor& indices,
                                int64_t low, int64_t high) {
  const auto* at = indices.data<int64_t>();
  int64_t i = 0;
  while (at[i] >= low && at[i] < high) ++i;
  if (high == INT64_MAX)  // a number, not an index
    throw IndexError(
        fmt::format("{}: {}{} = {} is negative", op, what, position(indices.shape(), i), at[i]));
  if (low == high)
    throw IndexError(fmt::format("{}: {}{} = {} is the index of an axis of size 0", op, what,
                                 position(indices.shape(), i), at[i]));
  throw IndexError(fmt::format("{}: {}{} = {} is outside {}..{}", op, what,
                               position(indices.shape(), i), at[i], low, high - 1));
}

// Rows of the shape that take() returns: n of them for each of `outer`, each of `inner` elements.
struct IndexedRows {
  AxisSplit blocks;
  int64_t n, size;  // the number of indices, and the size of the axis that they index
  const int64_t* at;
  IndexedRows(const Shape& shape, int axis, const Tensor& indices)
      : blocks(shape, axis),
        n(indices.numel()),
        size(shape.rank() == 0 ? 1 : shape[axis]),
        at(indices.data<int64_t>()) {}
};

// The width of column strips that give each thread some; results do not depend on it.
int64_t strip_width(int64_t columns) {
  const int threads = num_threads();
  return threads == 1 ? columns : std::max<int64_t>(16, ceil_div(columns, threads));
}

void add_in_order(const Tensor& to, const Tensor& from, const IndexedRows& rows, int64_t skip) {
  const int64_t n = rows.n, inner = rows.blocks.inner, item = size_of(to.dtype());
  const int64_t width = strip_width(inner), strips = ceil_div(inner, width);
  const auto add = kernels::index().add_each_row[static_cast<int>(to.dtype())];
  const int64_t grain = std::max<int64_t>(1, kIndexGrain / (n * std::min(width, inner)));
  parallel_range(rows.blocks.outer * strips, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t block = task / strips, column = task % strips * width;
      const int64_t count = std::min(width, inner - column);
      char* target = to.raw() + (block * rows.size * inner + column) * item;
      const char* source = from.raw() + (block * n * inner + column) * item;
      for (int64_t i = 0; i < n;) {  // runs without `skip`
        int64_t last = n;
        if (skip >= 0) last = std::find(rows.at + i, rows.at + n, skip) - rows.at;
        add(target, source + i * inner * item, inner, rows.at + i, last - i, count);
        i = last + 1;
      }
    }
  });
}

void add_groups(const Tensor& to, const Tensor& from, const IndexedRows& rows, int64_t skip) {
  const int64_t n = rows.n, inner = rows.blocks.inner, bytes = size_of(to.dtype());
  const Groups groups(rows.at, n, rows.size, skip);
  const auto add = kernels::index().add_rows[static_cast<int>(to.dtype())];
  const int64_t grain =
      std::max<int64_t>(1, kIndexGrain / (inner * (n / std::max<int64_t>(groups.size(), 1) + 1)));
  parallel_range(rows.blocks.outer * groups.size(), grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t outer = i / groups.size();
      const auto group = static_cast<size_t>(i % groups.size());
      const int64_t first = groups.starts[group], last = groups.starts[group + 1];
      const int64_t* order = groups.order.data() + first;
      add(to.raw() + (outer * rows.size + rows.at[*order]) * inner * bytes,
          from.raw() + outer * n * inner * bytes, inner, order, last - first, inner);
    }
  });
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
  const Tensor out = as_i64(op, what, indices);
  if (!kernels::index().in_range(out.data<int64_t>(), out.numel(), 0, limit))
    throw_outside(op, what, out, 0, limit);
  return out;
}

Tensor wrap_indices(const char* op, const char* what, const Tensor& indices, int64_t limit) {
  const Tensor out = as_i64(op, what, indices);
  const auto* at = out.data<int64_t>();
  if (kernels::index().in_range(at, out.numel(), 0, limit)) return out;
  if (!kernels::index().in_range(at, out.numel(), -limit, limit))
    throw_outside(op, what, out, -limit, limit);
  Tensor wrapped = empty_like(out);
  kernels::index().wrap(at, out.numel(), limit, wrapped.data<int64_t>());
  return wrapped;
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
  Shape shape;
  for (int i = 0; i < axis; ++i) shape.push_back(x.shape()[i]);
  for (const int64_t size : indices.shape()) shape.push_back(size);
  for (int i = axis + 1; i < x.dim(); ++i) shape.push_back(x.shape()[i]);
  Tensor out = empty(shape, x.dtype());
  if (out.numel() == 0) return out;
  const IndexedRows rows(x.shape(), axis, indices);
  const int64_t n = rows.n, item = size_of(x.dtype()), bytes = rows.blocks.inner * item;
  const auto gather = kernels::index().gather[static_cast<int>(x.dtype())];
  parallel_range(rows.blocks.outer * n, std::max<int64_t>(1, kIndexGrain / rows.blocks.inner),
                 [&](int64_t begin, int64_t end) {
                   while (begin < end) {  // the rows of one block at a time
                     const int64_t block = begin / n, first = begin % n;
                     const int64_t count = std::min(n - first, end - begin);
                     char* to = out.raw() + begin * bytes;
                     char* source = from.raw() + block * rows.size * bytes;
                     begin += count;
                     if (bytes == item) {
                       gather({.x = source,
                               .y = to,
                               .indices = rows.at + first,
                               .length = count,
                               .columns = 1,
                               .step_x = 1,
                               .step_y = 1,
                               .step_index = 1});
                       continue;
                     }
                     for (int64_t i = first; i < first + count; ++i, to += bytes)
                       std::memcpy(to, source + rows.at[i] * bytes, static_cast<size_t>(bytes));
                   }
                 });
  return out;
}

void put_taken(const Tensor& to, int axis, const Tensor& indices, const Tensor& x) {
  if (x.numel() == 0) return;
  if (!to.is_contiguous()) {
    const Tensor dense = contiguous(to);
    put_taken(dense, axis, indices, x);
    return copy_into(to, dense);
  }
  const Tensor from = contiguous(x);
  const IndexedRows rows(to.shape(), axis, indices);
  const int64_t n = rows.n, item = size_of(to.dtype()), bytes = rows.blocks.inner * item;
  const auto scatter = kernels::index().scatter[0][static_cast<int>(to.dtype())];
  // Tasks are blocks or strips of columns, so that each element is written in order.
  const int64_t width = strip_width(rows.blocks.inner) * item;
  const int64_t strips = ceil_div(bytes, width);
  const int64_t grain = std::max<int64_t>(1, kIndexGrain * item / (n * std::min(width, bytes)));
  parallel_range(rows.blocks.outer * strips, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const int64_t block = task / strips, column = task % strips * width;
      char* target = to.raw() + block * rows.size * bytes + column;
      const char* source = from.raw() + block * n * bytes + column;
      if (bytes == item) {
        scatter({.x = target,
                 .y = const_cast<char*>(source),
                 .indices = rows.at,
                 .length = n,
                 .columns = 1,
                 .step_x = 1,
                 .step_y = 1,
                 .step_index = 1});
        continue;
      }
      const auto count = static_cast<size_t>(std::min(width, bytes - column));
      for (int64_t i = 0; i < n; ++i, source += bytes)
        std::memcpy(target + rows.at[i] * bytes, source, count);
    }
  });
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
  const IndexedRows rows(to.shape(), axis, indices);
  // Groups of equal indices, summed in blocks, are for long sums; else rows are added in order.
  const bool few = rows.n <= kFewRepeats * rows.size && to.dtype() != bf16;
  few ? add_in_order(to, from, rows, skip) : add_groups(to, from, rows, skip);
}

Tensor nonzero_positions(const Tensor& x) {
  const Tensor from = contiguous(x);
  const kernels::IndexKernels& kernel = kernels::index();
  const auto type = static_cast<size_t>(x.dtype());
  const int64_t found = kernel.count[type](from.raw(), from.numel());
  Tensor out = empty({found}, i64);
  kernel.positions[type](from.raw(), found, out.data<int64_t>());
  return out;
}

}  // namespace tapehead::core
