// index, index_put, index_put_.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/views.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/scatter.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// A tensor index: integers for one axis of the view, or the positions where a mask over several
// axes is true, in their row-major order.
struct AxisIndex {
  Tensor indices;
  int axis, axes;
  size_t number;  // its place in the argument list, for messages
};

// The state after positions, slices, None and Ellipsis have been applied; tensor indices remain.
struct Indexed {
  Tensor view;  // view of x
  std::vector<AxisIndex> tensors = {};
  bool reversed = false;  // a slice has a negative step, and the view a negative stride
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

Tensor positions_of(const char* op, const Tensor& x, int axis, const Tensor& mask) {
  bool fits = mask.dim() >= 1;
  for (int i = 0; fits && i < mask.dim(); ++i) fits = mask.shape()[i] == x.shape()[axis + i];
  if (!fits)
    throw ShapeError(
        fmt::format("{}: the mask is {}, x is {}; the mask must match the axes that it indexes", op,
                    core::describe(mask), core::describe(x)));
  return core::nonzero_positions(mask);
}

Indexed apply_views(const char* op, const Tensor& x, const std::vector<TensorIndex>& indices) {
  const int ellipsis = ellipsis_of(op, x, indices);
  Indexed out{x};
  int axis = 0;
  for (size_t i = 0; i < indices.size(); ++i) {
    const TensorIndex& index = indices[i];
    if (const auto* tensor = std::get_if<Tensor>(&index)) {
      const bool is_mask = tensor->dtype() == boolean;
      const Tensor at = is_mask ? positions_of(op, out.view, axis, *tensor) : *tensor;
      out.tensors.push_back({at, axis, axes_of(index), i});
      axis += axes_of(index);
    } else if (const auto* position = std::get_if<int64_t>(&index)) {
      out.view = out.view.select(axis, *position);
    } else if (const auto* range = std::get_if<Slice>(&index)) {
      out.view = detail::slice_view(out.view, axis++, *range);
      out.reversed |= range->step < 0;
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
  std::vector<int> axes;
  Shape shape;
  for (const AxisIndex& index : in.tensors) {
    for (int i = 0; i < index.axes; ++i) axes.push_back(index.axis + i);
    shape = broadcast_shapes(op, shape, index.indices.shape());
  }
  const bool adjacent = axes.back() - axes.front() + 1 == std::ssize(axes);
  Joined out{in.view, adjacent ? axes.front() : 0};
  if (!adjacent) {
    Shape order;
    for (const int axis : axes) order.push_back(axis);
    for (int axis = 0; axis < in.view.dim(); ++axis)
      if (std::ranges::count(axes, axis) == 0) order.push_back(axis);
    out.view = in.view.permute(order);
  }
  for (const AxisIndex& index : in.tensors) {
    int64_t size = 1;
    for (int i = 0; i < index.axes; ++i) size *= in.view.shape()[index.axis + i];
    const Tensor at = core::wrap_indices(op, fmt::format("indices[{}]", index.number).c_str(),
                                         index.indices, size);
    out.positions =
        out.positions.defined() ? no_grad([&] { return out.positions * size + at; }) : at;
    out.count *= size;
  }
  out.positions = out.positions.expand(shape).reshape({-1});
  out.joined = replace_axes(out.view.shape(), out.axis, axes.size(), out.count);
  out.result = replace_axes(out.view.shape(), out.axis, axes.size(), shape);
  return out;
}

// The values for the positions, with one axis for them.
Tensor values_for(const char* op, const Joined& in, const Tensor& values, DType dtype) {
  if (core::is_number(values)) core::check_range(op, values, dtype);
  if (!broadcasts_to(values.shape(), in.result))
    throw ShapeError(fmt::format("{}: the values are {}; they must broadcast to {}", op,
                                 core::describe(values), in.result.str()));
  return values.to(dtype).expand(in.result).reshape(
      replace_axes(in.joined, in.axis, 1, in.positions.numel()));
}

// Returns a copy of x, which has the view's shape, with the values at the positions.
Tensor put(const Tensor& x, const Joined& in, const Tensor& values, bool accumulate) {
  const Tensor flat = x.reshape(in.joined);
  const Tensor out = accumulate ? index_add(flat, in.axis, in.positions, values)
                                : index_copy(flat, in.axis, in.positions, values);
  return out.reshape(x.shape());
}

// The same in place, unrecorded.
void put_into(const Tensor& x, const Joined& in, const Tensor& values, bool accumulate) {
  const Tensor flat = core::reshape(x, in.joined);  // a copy if the strides do not allow a view
  const Tensor from = detail::apart(values, x);
  accumulate ? core::add_taken(flat, in.axis, in.positions, from)
             : core::put_taken(flat, in.axis, in.positions, from);
  if (flat.impl()->storage != x.impl()->storage) core::copy_into(x, core::reshape(flat, x.shape()));
}

const Tensor& index_put_in_place(const char* op, const Tensor& x,
                                 const std::vector<TensorIndex>& indices, const Tensor& values,
                                 bool accumulate) {
  const Indexed in = apply_views(op, x, indices);
  if (in.tensors.empty()) {
    if (!broadcasts_to(values.shape(), in.view.shape()))
      throw ShapeError(fmt::format("{}: the values are {}; they must broadcast to {}", op,
                                   core::describe(values), in.view.shape().str()));
    accumulate ? in.view.add_(values) : in.view.copy_(values);
    return x;
  }
  const Joined joined = join(op, in);
  const Tensor& view = joined.view;
  const Tensor from = values_for(op, joined, values, x.dtype());
  detail::change(
      op, view, values, [&] { return put(detail::copy_on_tape(view), joined, from, accumulate); },
      [&] { put_into(view, joined, from, accumulate); });
  return x;
}

}  // namespace

Tensor index(const Tensor& x, const std::vector<TensorIndex>& indices) {
  const Indexed in = apply_views("index", x, indices);
  if (in.tensors.empty()) return in.reversed ? in.view.clone() : in.view;
  const Joined joined = join("index", in);
  return index_select(joined.view.reshape(joined.joined), joined.axis, joined.positions)
      .reshape(joined.result);
}

Tensor index_put(const Tensor& x, const std::vector<TensorIndex>& indices, const Tensor& values,
                 bool accumulate) {
  const Indexed in = apply_views("index_put", x, indices);
  if (!in.tensors.empty() && in.view.is_same(x)) {
    const Joined joined = join("index_put", in);
    if (joined.view.is_same(x))
      return put(x, joined, values_for("index_put", joined, values, x.dtype()), accumulate);
  }
  const Tensor out = x.clone();
  index_put_in_place("index_put", out, indices, values, accumulate);
  return out;
}

IndexedTensor Tensor::index(std::vector<TensorIndex> indices) const {
  Tensor out = tapehead::index(*this, indices);
  if (out.impl()->storage == impl_->storage) return IndexedTensor(std::move(out));
  return {std::move(out), *this, std::move(indices)};
}

void IndexedTensor::operator=(const Tensor& value) && {
  if (source_.defined()) source_.index_put_(indices_, value);
  else static_cast<Tensor&&>(*this) = value;
}

void IndexedTensor::write_back() const {
  if (source_.defined()) source_.index_put_(indices_, *this);
}

const Tensor& Tensor::index_put_(const std::vector<TensorIndex>& indices, const Tensor& values,
                                 bool accumulate) const {
  return index_put_in_place("index_put_", *this, indices, values, accumulate);
}

}  // namespace tapehead
