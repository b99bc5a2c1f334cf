// index, index_put, index_put_.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/views.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// x [N, C] with the rows at the indices [I] replaced by rows [I, C].
struct PutRows : CustomOp {
  static constexpr const char* kName = "index_put";
  Tensor forward(const Tensor& x, const Tensor& indices, const Tensor& rows) {
    save(indices);
    Tensor out = core::clone(x);
    const Tensor from = core::contiguous(core::cast(rows, x.dtype()));
    const auto* at = indices.data<int64_t>();
    const int64_t bytes = x.shape()[1] * size_of(x.dtype());
    for (int64_t i = 0; i < indices.numel(); ++i)
      std::memcpy(out.raw() + at[i] * bytes, from.raw() + i * bytes, static_cast<size_t>(bytes));
    return out;
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    std::array<Tensor, 3> out;
    if (needs_grad(0)) {
      const Tensor zeros = core::full({saved(0).numel(), dy.shape()[1]}, 0, dy.dtype());
      out[0] = apply<PutRows>(dy, saved(0), zeros);
    }
    if (needs_grad(2)) out[2] = index_select(dy, 0, saved(0));
    return out;
  }
};

// The state after positions, slices, None and Ellipsis have been applied; tensor indices remain.
struct Indexed {
  Tensor view;                       // view of x
  std::vector<int> axes = {};        // axes of the view indexed by tensors, ascending
  std::vector<Tensor> tensors = {};  // the integer index of each axis
  std::vector<size_t> numbers = {};  // their places in the argument list, for messages

  void add(const Tensor& tensor, int axis, size_t number) {
    axes.push_back(axis), tensors.push_back(tensor), numbers.push_back(number);
  }
};

int axes_of(const TensorIndex& index) {
  if (const auto* tensor = std::get_if<Tensor>(&index))
    return tensor->dtype() == boolean ? tensor->dim() : 1;
  return std::holds_alternative<int64_t>(index) || std::holds_alternative<Slice>(index) ? 1 : 0;
}

// The number of axes that the Ellipsis stands for. Throws if the indices do not fit x.
int ellipsis_of(const char* op, const Tensor& x, const std::vector<TensorIndex>& indices) {
  int axes = 0, ellipses = 0;
  for (const TensorIndex& index : indices) {
    axes += axes_of(index);
    ellipses += std::holds_alternative<EllipsisType>(index);
  }
  if (indices.empty()) throw IndexError(fmt::format("{}: no indices; pass at least one", op));
  if (axes > x.dim())
    throw IndexError(fmt::format("{}: the indices are for {} axes, x is {}; pass at most {}", op,
                                 axes, core::describe(x), x.dim()));
  if (ellipses > 1)
    throw IndexError(fmt::format("{}: {} of the indices are Ellipsis; pass one", op, ellipses));
  return x.dim() - axes;
}

std::vector<Tensor> positions_of(const char* op, const Tensor& x, int axis, const Tensor& mask) {
  bool fits = mask.dim() >= 1;
  for (int i = 0; fits && i < mask.dim(); ++i) fits = mask.shape()[i] == x.shape()[axis + i];
  if (!fits)
    throw ShapeError(
        fmt::format("{}: the mask is {}, x is {}; the mask must match the axes that it indexes", op,
                    core::describe(mask), core::describe(x)));
  return unbind(nonzero(mask), 1);
}

Indexed apply_views(const char* op, const Tensor& x, const std::vector<TensorIndex>& indices) {
  const int ellipsis = ellipsis_of(op, x, indices);
  Indexed out{x};
  int axis = 0;
  for (size_t i = 0; i < indices.size(); ++i) {
    const TensorIndex& index = indices[i];
    if (const auto* tensor = std::get_if<Tensor>(&index)) {
      const bool is_mask = tensor->dtype() == boolean;
      for (const Tensor& positions :
           is_mask ? positions_of(op, out.view, axis, *tensor) : std::vector{*tensor})
        out.add(positions, axis++, i);
    } else if (const auto* position = std::get_if<int64_t>(&index)) {
      out.view = out.view.select(axis, *position);
    } else if (const auto* range = std::get_if<Slice>(&index)) {
      out.view = out.view.slice(axis++, *range);
    } else if (std::holds_alternative<EllipsisType>(index)) {
      axis += ellipsis;
    } else {
      out.view = out.view.unsqueeze(axis++);
    }
  }
  return out;
}

// The view with its indexed axes adjacent, and the tensor indices merged into one index over them.
struct Joined {
  Tensor view;
  int axis;              // the first indexed axis
  int64_t count = 1;     // the product of the indexed sizes
  Tensor positions;      // i64 [I]
  Shape joined, result;  // shapes with one merged axis; with the index's shape
};

// `shape` with n axes replaced by `sizes`.
Shape replace_axes(const Shape& shape, int axis, size_t n, const Shape& sizes) {
  Shape out = shape;
  for (size_t i = 0; i < n; ++i) out.erase(axis);
  for (int i = 0; i < sizes.rank(); ++i) out.insert(axis + i, sizes[i]);
  return out;
}

Joined join(const char* op, const Indexed& in) {
  const bool adjacent = in.axes.back() - in.axes.front() + 1 == std::ssize(in.axes);
  Joined out{in.view, adjacent ? in.axes.front() : 0};
  if (!adjacent) {
    Shape order;
    for (const int axis : in.axes) order.push_back(axis);
    for (int axis = 0; axis < in.view.dim(); ++axis)
      if (std::ranges::count(in.axes, axis) == 0) order.push_back(axis);
    out.view = in.view.permute(order);
  }
  Shape shape;
  for (const Tensor& t : in.tensors) shape = broadcast_shapes(op, shape, t.shape());
  out.positions = core::full(shape, 0, i64);
  for (size_t i = 0; i < in.axes.size(); ++i) {
    const int64_t size = in.view.shape()[in.axes[i]];
    const Tensor at = core::check_indices(op, fmt::format("indices[{}]", in.numbers[i]).c_str(),
                                          in.tensors[i], size);
    out.positions = no_grad([&] { return out.positions * size + at; });
    out.count *= size;
  }
  out.positions = out.positions.reshape({-1});
  out.joined = replace_axes(out.view.shape(), out.axis, in.axes.size(), out.count);
  out.result = replace_axes(out.view.shape(), out.axis, in.axes.size(), shape);
  return out;
}

// [..., N, ...] as [N, C], and the inverse.
Tensor rows_of(const Tensor& x, int axis) {
  const Tensor front = x.movedim(axis, 0);
  return front.reshape({front.size(0), front.size(0) == 0 ? 0 : front.numel() / front.size(0)});
}
Tensor from_rows(const Tensor& rows, const Shape& shape, int axis) {
  Shape front = shape;
  front.erase(axis);
  front.insert(0, shape[axis]);
  return rows.reshape(front).movedim(0, axis);
}

// Returns a copy of x, which has the view's shape, with the values at the positions.
Tensor put(const char* op, const Tensor& x, const Joined& in, const Tensor& values,
           bool accumulate) {
  if (core::is_number(values)) core::check_range(op, values, x.dtype());
  if (!broadcasts_to(values.shape(), in.result))
    throw ShapeError(fmt::format("{}: the values are {}; they must broadcast to {}", op,
                                 core::describe(values), in.result.str()));
  const Tensor from = values.to(x.dtype()).expand(in.result).reshape(
      replace_axes(in.joined, in.axis, 1, in.positions.numel()));
  const Tensor flat = x.reshape(in.joined);
  const Tensor out =
      accumulate
          ? index_add(flat, in.axis, in.positions, from)
          : from_rows(apply<PutRows>(rows_of(flat, in.axis), in.positions, rows_of(from, in.axis)),
                      in.joined, in.axis);
  return out.reshape(x.shape());
}

}  // namespace

Tensor index(const Tensor& x, const std::vector<TensorIndex>& indices) {
  const Indexed in = apply_views("index", x, indices);
  if (in.axes.empty()) return in.view;
  const Joined joined = join("index", in);
  return index_select(joined.view.reshape(joined.joined), joined.axis, joined.positions)
      .reshape(joined.result);
}

Tensor index_put(const Tensor& x, const std::vector<TensorIndex>& indices, const Tensor& values,
                 bool accumulate) {
  const Indexed in = apply_views("index_put", x, indices);
  if (!in.axes.empty() && in.view.is_same(x)) {
    const Joined joined = join("index_put", in);
    if (joined.view.is_same(x)) return put("index_put", x, joined, values, accumulate);
  }
  const Tensor out = x.clone();
  out.index_put_(indices, values, accumulate);
  return out;
}

const Tensor& Tensor::index_put_(const std::vector<TensorIndex>& indices, const Tensor& values,
                                 bool accumulate) const {
  const Indexed in = apply_views("index_put_", *this, indices);
  if (in.axes.empty()) {
    accumulate ? in.view.add_(values) : in.view.copy_(values);
    return *this;
  }
  const Joined joined = join("index_put_", in);
  const Tensor& view = joined.view;
  const auto changed = [&](const Tensor& before) {
    return put("index_put_", before, joined, values, accumulate);
  };
  detail::change(
      "index_put_", view, values, [&] { return changed(detail::copy_on_tape(view)); },
      [&] { core::copy_into(view, no_grad([&] { return changed(view); })); });
  return *this;
}

}  // namespace tapehead
