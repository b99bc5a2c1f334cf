#include "tapehead/autograd/ops/repeat.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct RepeatInterleave : CustomOp {
  static constexpr const char* kName = "repeat_interleave";
  static constexpr Batching kBatching = Batching::adjusted;
  int axis;
  Shape blocks;  // the result with an axis of the repeats
  static bool batch(const Batch&, Tensor& x, int64_t&, int& a) {
    ++a;
    return x.dim() > 1;
  }
  Tensor forward(const Tensor& x, int64_t repeats, int a) {
    axis = a;
    Shape shape = x.shape();
    blocks = shape;
    blocks.insert(axis + 1, repeats);
    if (__builtin_mul_overflow(shape[axis], repeats, &shape[axis]))
      throw ShapeError(fmt::format("{}: {} repeats make {} too large to address", kName, repeats,
                                   core::describe(x)));
    Tensor out = core::empty(shape, x.dtype());
    const Tensor parts = core::reshape(out, blocks);
    int64_t inner = 1;
    for (int i = axis + 1; i < x.dim(); ++i) inner *= x.shape()[i];
    if (inner >= repeats) core::copy_into(parts, core::unsqueeze(x, axis + 1));
    else  // loops over the longer rows
      for (int64_t i = 0; i < repeats; ++i) core::copy_into(core::select(parts, axis + 1, i), x);
    return out;
  }
  Tensor backward(const Tensor& dy) const { return sum(dy.reshape(blocks), axis + 1); }
};

int repeated_axis(const char* op, const Tensor& x, int64_t axis) {
  const int at = normalize_axis(op, axis, x.dim());
  if (x.dim() == 0) throw ShapeError(fmt::format("{}: a 0-d tensor has no axes", op));
  return at;
}

// Position i, counts[i] times.
Tensor repeated_positions(const Tensor& counts, int64_t n) {
  const char* op = "repeat_interleave";
  if (counts.dim() > 1 || (counts.numel() != n && counts.numel() != 1))
    throw ShapeError(
        fmt::format("{}: repeats is {}; pass {} numbers, or one", op, core::describe(counts), n));
  const Tensor checked = core::check_indices(op, "repeats", counts, INT64_MAX);
  const auto* count = checked.data<int64_t>();
  const int64_t step = counts.numel() == 1 ? 0 : 1;
  int64_t total = 0;
  for (int64_t i = 0; i < n; ++i)
    if (__builtin_add_overflow(total, count[i * step], &total))
      throw ShapeError(fmt::format("{}: the sum of repeats is too large to address", op));
  Tensor out = core::empty({total}, i64);
  auto* at = out.data<int64_t>();
  for (int64_t i = 0; i < n; ++i) at = std::fill_n(at, count[i * step], i);
  return out;
}

}  // namespace

Tensor repeat_interleave(const Tensor& x, int64_t repeats, std::optional<int64_t> axis) {
  if (repeats < 0)
    throw ValueError(
        fmt::format("repeat_interleave: repeats is {}; it must not be negative", repeats));
  const Tensor from = axis ? x : x.reshape({-1});
  return apply<RepeatInterleave>(from, repeats,
                                 repeated_axis(RepeatInterleave::kName, from, axis.value_or(0)));
}

Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::optional<int64_t> axis) {
  const Tensor from = axis ? x : x.reshape({-1});
  const int at = repeated_axis(RepeatInterleave::kName, from, axis.value_or(0));
  return index_select(from, at, repeated_positions(repeats, from.shape()[at]));
}

Tensor tile(const Tensor& x, const Shape& counts) {
  Shape all = counts;
  while (all.rank() < x.dim()) all.insert(0, 1);
  return repeat(x, all);
}

Tensor roll(const Tensor& x, const Shape& shifts, const Shape& axes) {
  if (axes.empty() && shifts.rank() == 1)
    return roll(x.reshape({-1}), shifts[0], 0).reshape(x.shape());
  if (axes.rank() != shifts.rank() || axes.empty())
    throw ShapeError(fmt::format("roll: shifts {} for axes {}; pass one for each axis",
                                 shifts.str(), axes.str()));
  Tensor out = x;
  for (int i = 0; i < axes.rank(); ++i) out = roll(out, shifts[i], axes[i]);
  return out;
}

Tensor fliplr(const Tensor& x) {
  if (x.dim() < 2)
    throw ShapeError(fmt::format("fliplr: {} has fewer than two axes", core::describe(x)));
  return flip(x, 1);
}

Tensor flipud(const Tensor& x) {
  if (x.dim() < 1) throw ShapeError("flipud: a 0-d tensor has no axes");
  return flip(x, 0);
}

Tensor rot90(const Tensor& x, int64_t k, const Shape& axes) {
  if (axes.rank() != 2) throw ShapeError(fmt::format("rot90: axes are {}; pass two", axes.str()));
  const int a = repeated_axis("rot90", x, axes[0]), b = repeated_axis("rot90", x, axes[1]);
  if (a == b)
    throw ShapeError(
        fmt::format("rot90: axes {} of {} are the same", axes.str(), core::describe(x)));
  switch ((k % 4 + 4) % 4) {
    case 1: return flip(x, b).transpose(a, b);
    case 2: return flip(x, Shape{a, b});
    case 3: return flip(x, a).transpose(a, b);
    default: return x.clone();
  }
}

std::vector<Tensor> meshgrid(const std::vector<Tensor>& tensors, std::string_view indexing) {
  if (indexing != "ij" && indexing != "xy")
    throw ValueError(fmt::format("meshgrid: indexing is \"{}\"; pass \"ij\" or \"xy\"", indexing));
  Shape shape;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (tensors[i].dim() > 1)
      throw ShapeError(fmt::format("meshgrid: tensors[{}] is {}; it must have at most one axis", i,
                                   core::describe(tensors[i])));
    shape.push_back(tensors[i].numel());
  }
  std::vector<Tensor> out;
  const int rank = shape.rank();
  for (int i = 0; i < rank; ++i) {
    Shape column = Shape::filled(rank, 1);
    column[i] = shape[i];
    const Tensor grid = tensors[static_cast<size_t>(i)].reshape(column).expand(shape);
    out.push_back(indexing == "xy" && rank > 1 ? grid.transpose(0, 1) : grid);
  }
  return out;
}

Tensor cartesian_prod(const std::vector<Tensor>& tensors) {
  if (tensors.empty())
    throw ValueError("cartesian_prod: the list of tensors is empty; pass at least one");
  std::vector<Tensor> columns;
  for (const Tensor& grid : meshgrid(tensors)) columns.push_back(grid.reshape({-1}));
  return columns.size() == 1 ? columns[0] : stack(columns, 1);
}

Tensor combinations(const Tensor& x, int64_t r, bool with_replacement) {
  if (x.dim() != 1)
    throw ShapeError(
        fmt::format("combinations: x is {}; it must have one axis", core::describe(x)));
  if (r < 0) throw ValueError(fmt::format("combinations: r is {}; it must not be negative", r));
  const int64_t n = x.numel();
  if (r == 0) return core::empty({0}, x.dtype());
  std::vector<int64_t> row, rows;  // positions, each row in lexicographic order
  const auto smallest_from = [&](int64_t first) {
    while (std::ssize(row) < r) {
      row.push_back(first);
      if (!with_replacement) ++first;
    }
  };
  smallest_from(0);
  const auto limit = [&](int64_t column) { return with_replacement ? n : n - (r - 1 - column); };
  while (!row.empty() && row.back() < n && row[0] < limit(0)) {
    rows.insert(rows.end(), row.begin(), row.end());
    while (!row.empty() && row.back() + 1 >= limit(std::ssize(row) - 1)) row.pop_back();
    if (row.empty()) break;
    const int64_t next = ++row.back();
    smallest_from(with_replacement ? next : next + 1);
  }
  Tensor positions = core::empty({static_cast<int64_t>(rows.size())}, i64);
  std::copy(rows.begin(), rows.end(), positions.data<int64_t>());
  return index_select(x, 0, positions).reshape({std::ssize(rows) / r, r});
}

}  // namespace tapehead
