// Elements selected by integer indices: gather, scatter_add, take_along_dim.
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/mapping.h"
#include "tapehead/autograd/detail/picked.h"
#include "tapehead/autograd/detail/scatter.h"
#include "tapehead/autograd/detail/views.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/scatter.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"
#include "tapehead/core/kernels/index.h"

namespace tapehead {
namespace {

struct Gather : CustomOp {
  static constexpr const char* kName = "gather";
  static constexpr Batching kBatching = Batching::adjusted;
  int axis;
  Shape shape;
  DType dtype;
  // `values`: the result, if it is known.
  static bool batch(const Batch& b, Tensor& x, int& a, Tensor& indices, const Tensor*) {
    x = b.expanded(x, 0), indices = b.expanded(indices, 1).contiguous();
    ++a;
    return x.dim() > 1;
  }
  Tensor forward(const Tensor& x, int a, const Tensor& indices, const Tensor* values) {
    axis = a;
    shape = x.shape();
    dtype = x.dtype();
    save(indices);
    return values ? *values : core::gather(x, axis, indices);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    if (const Tensor sum = grad_buffer(0); sum.defined()) {
      core::scatter(sum, axis, saved(0), dy, kernels::Scatter::add);
      return {};
    }
    return {scatter_add(core::full(shape, 0, dtype), axis, saved(0), dy), Tensor()};
  }
};

struct ScatterAdd : CustomOp {
  static constexpr const char* kName = "scatter_add";
  static constexpr Batching kBatching = Batching::adjusted;
  int axis;
  static bool batch(const Batch& b, Tensor& x, int& a, Tensor& indices, Tensor& source) {
    x = b.expanded(x, 0), indices = b.expanded(indices, 1).contiguous(),
    source = b.expanded(source, 2);
    ++a;
    return x.dim() > 1;
  }
  Tensor forward(const Tensor& x, int a, const Tensor& indices, const Tensor& source) {
    axis = a;
    save(indices);
    Tensor out = core::clone(x);
    core::scatter(out, axis, indices, core::cast(source, x.dtype()), kernels::Scatter::add);
    return out;
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    return {dy, Tensor(), needs_grad(2) ? gather(dy, axis, saved(0)) : Tensor()};
  }
};

}  // namespace

detail::AtIndices detail::elements_at(const char* op, const Tensor& x, int64_t axis,
                                      const Tensor& indices) {
  const int at = normalize_axis(op, axis, x.dim());
  bool fits = x.dim() == indices.dim();
  for (int i = 0; fits && i < x.dim(); ++i) fits = i == at || indices.shape()[i] <= x.shape()[i];
  if (!fits)
    throw ShapeError(
        fmt::format("{}: indices {} do not fit into {}; they need as many axes, and no size larger "
                    "except size({})",
                    op, indices.shape().str(), core::describe(x), at));
  const int64_t limit = x.dim() == 0 ? 1 : x.shape()[at];
  const auto checked = [&](const Tensor& t) {
    return core::check_indices(op, "indices", t, limit);
  };
  return {at, elementwise(checked, indices), {}};
}

detail::AtIndices detail::elements_at(const char* op, const Tensor& x, int64_t axis,
                                      const Tensor& indices, const Tensor& source) {
  AtIndices out = elements_at(op, x, axis, indices);
  if (source.dim() == 0) {
    if (core::is_number(source)) core::check_range(op, source, x.dtype());
    out.source = source.to(x.dtype()).expand(indices.shape());
    return out;
  }
  out.source = source;
  bool fits = source.dim() == indices.dim();
  for (int i = 0; fits && i < source.dim(); ++i) {
    const int64_t wanted = indices.shape()[i];
    fits = wanted <= source.shape()[i];
    if (wanted < source.shape()[i]) out.source = out.source.slice(i, 0, wanted);
  }
  if (!fits)
    throw ShapeError(fmt::format("{}: source is {}; it needs an element for each of the indices {}",
                                 op, core::describe(source), indices.shape().str()));
  return out;
}

Tensor gather(const Tensor& x, int64_t axis, const Tensor& indices) {
  const detail::AtIndices at = detail::elements_at("gather", x, axis, indices);
  return apply<Gather>(x, at.axis, at.indices, nullptr);
}

ValuesAndIndices detail::picked(const Tensor& x, int axis, const core::Ordered& found,
                                bool keepdim) {
  const auto& [known, indices] = found;
  if (x.dim() == 0) {
    const Tensor row = apply<Gather>(x.reshape({1}), axis, indices.reshape({1}), nullptr);
    return {row.reshape({}), indices};
  }
  const Tensor values = known.defined() ? apply<Gather>(x, axis, indices, &known)
                                        : apply<Gather>(x, axis, indices, nullptr);
  if (keepdim) return {values, indices};
  return {values.squeeze(axis), indices.squeeze(axis)};
}

Tensor scatter_add(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source) {
  const detail::AtIndices at = detail::elements_at("scatter_add", x, axis, indices, source);
  return apply<ScatterAdd>(x, at.axis, at.indices, at.source);
}

const Tensor& scatter_add_(const Tensor& x, int64_t axis, const Tensor& indices,
                           const Tensor& source) {
  const detail::AtIndices at = detail::elements_at("scatter_add_", x, axis, indices, source);
  return detail::change_at<ScatterAdd>("scatter_add_", x, at, [&](const Tensor& values) {
    core::scatter(x, at.axis, at.indices, values, kernels::Scatter::add);
  });
}

Tensor take_along_dim(const Tensor& x, const Tensor& indices, int64_t axis) {
  const int at = normalize_axis("take_along_dim", axis, x.dim());
  if (x.dim() != indices.dim())
    throw ShapeError(
        fmt::format("take_along_dim: {} and indices {} must have the same number of axes",
                    core::describe(x), indices.shape().str()));
  Shape one = x.shape(), wanted = indices.shape();
  if (x.dim() > 0) one[at] = wanted[at] = 1;
  Shape common = broadcast_shapes("take_along_dim", one, wanted), from = common;
  if (x.dim() > 0) common[at] = indices.shape()[at], from[at] = x.shape()[at];
  return gather(x.expand(from), axis, indices.expand(common));
}

}  // namespace tapehead
