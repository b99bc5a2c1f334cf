// Rows selected by integer indices: index_select, index_add, embedding.
#include "tapehead/autograd/ops/index.h"

#include <fmt/format.h>

#include <vector>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/embedding.h"
#include "tapehead/autograd/detail/mapping.h"
#include "tapehead/autograd/detail/scatter.h"
#include "tapehead/autograd/detail/views.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/scatter.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct IndexSelect : CustomOp {
  static constexpr const char* kName = "index_select";
  static constexpr Batching kBatching = Batching::adjusted;
  int axis;
  Shape shape;
  DType dtype;
  static bool batch(const Batch& b, Tensor&, int& a, Tensor&) {
    ++a;
    return !b.is_mapped[1];
  }
  Tensor forward(const Tensor& x, int a, const Tensor& indices) {
    axis = a;
    shape = x.shape();
    dtype = x.dtype();
    return core::take(x, axis, save(indices));
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    if (const Tensor sum = grad_buffer(0); sum.defined()) {
      core::add_taken(sum, axis, saved(0), dy);
      return {};
    }
    return {index_add(core::full(shape, 0, dtype), axis, saved(0), dy), Tensor()};
  }
};

struct IndexAdd : CustomOp {
  static constexpr const char* kName = "index_add";
  static constexpr Batching kBatching = Batching::adjusted;
  int axis;
  static bool batch(const Batch& b, Tensor& x, int& a, Tensor&, Tensor& source) {
    x = b.expanded(x, 0), source = b.expanded(source, 2);
    ++a;
    return !b.is_mapped[1];
  }
  Tensor forward(const Tensor& x, int a, const Tensor& indices, const Tensor& source) {
    axis = a;
    save(indices);
    Tensor out = core::clone(x);
    core::add_taken(out, axis, indices, core::cast(source, x.dtype()));
    return out;
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    return {dy, Tensor(), needs_grad(2) ? index_select(dy, axis, saved(0)) : Tensor()};
  }
};

struct Embedding : CustomOp {
  static constexpr const char* kName = "embedding";
  static constexpr Batching kBatching = Batching::adjusted;
  int64_t rows, width, padding;
  DType dtype;
  static bool batch(const Batch& b, Tensor&, Tensor&, int64_t&) { return !b.is_mapped[0]; }
  Tensor forward(const Tensor& weight, const Tensor& ids, int64_t padding_idx) {
    rows = weight.shape()[0];
    width = weight.shape()[1];
    padding = padding_idx;
    dtype = weight.dtype();
    return core::take(weight, 0, save(ids));
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    if (const Tensor sum = grad_buffer(0); sum.defined()) {
      core::add_taken(sum, 0, saved(0), dy, padding);
      return {};
    }
    const Tensor ids = saved(0).reshape({-1});
    Tensor g = dy.reshape({ids.numel(), width});
    if (padding >= 0) g = masked_fill(g, is_padding(ids).reshape({-1, 1}), 0);
    return {index_add(core::full({rows, width}, 0, dtype), 0, ids, g), Tensor()};
  }

 private:
  Tensor is_padding(const Tensor& ids) const {
    Tensor out = core::empty(ids.shape(), boolean);
    for (int64_t i = 0; i < ids.numel(); ++i)
      out.data<bool>()[i] = ids.data<int64_t>()[i] == padding;
    return out;
  }
};

}  // namespace

detail::AtIndices detail::rows_at(const char* op, const Tensor& x, int64_t axis,
                                  const Tensor& indices) {
  const int at = normalize_axis(op, axis, x.dim());
  if (x.dim() == 0) throw ShapeError(fmt::format("{}: a 0-d tensor has no axes", op));
  if (indices.dim() != 1)
    throw ShapeError(
        fmt::format("{}: indices is {}; it must have one axis", op, core::describe(indices)));
  const auto checked = [&](const Tensor& t) {
    return core::check_indices(op, "indices", t, x.shape()[at]);
  };
  return {at, elementwise(checked, indices), {}};
}

detail::AtIndices detail::rows_at(const char* op, const Tensor& x, int64_t axis,
                                  const Tensor& indices, const Tensor& source) {
  AtIndices out = rows_at(op, x, axis, indices);
  Shape expected = x.shape();
  expected[out.axis] = indices.numel();
  if (source.shape() != expected)
    throw ShapeError(fmt::format(
        "{}: source is {}; with {} indices for axis {} of {} it must be {}", op,
        core::describe(source), indices.numel(), out.axis, core::describe(x), expected.str()));
  out.source = source;
  return out;
}

Tensor index_select(const Tensor& x, int64_t axis, const Tensor& indices) {
  const detail::AtIndices at = detail::rows_at("index_select", x, axis, indices);
  return apply<IndexSelect>(x, at.axis, at.indices);
}

Tensor index_add(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source) {
  const detail::AtIndices at = detail::rows_at("index_add", x, axis, indices, source);
  return apply<IndexAdd>(x, at.axis, at.indices, at.source);
}

const Tensor& index_add_(const Tensor& x, int64_t axis, const Tensor& indices,
                         const Tensor& source) {
  const detail::AtIndices at = detail::rows_at("index_add_", x, axis, indices, source);
  return detail::change_at<IndexAdd>("index_add_", x, at, [&](const Tensor& rows) {
    core::add_taken(x, at.axis, at.indices, rows);
  });
}

Tensor take(const Tensor& x, const Tensor& indices) {
  const Tensor at = core::wrap_indices("take", "indices", indices, x.numel());
  return apply<IndexSelect>(x.reshape({-1}), 0, at.reshape({-1})).reshape(indices.shape());
}

// The values are those of x: x + 0.
Tensor detail::scale_grad_by_frequency(const Tensor& x, const Tensor& ids, int64_t rows) {
  const int64_t* id = ids.data<int64_t>();
  std::vector<int64_t> counts(static_cast<size_t>(rows));
  for (int64_t i = 0; i < ids.numel(); ++i) ++counts[static_cast<size_t>(id[i])];
  const Tensor scale = core::empty(ids.shape(), f64);
  for (int64_t i = 0; i < ids.numel(); ++i)
    scale.data<double>()[i] = 1.0 / static_cast<double>(counts[static_cast<size_t>(id[i])]);
  const Tensor value = x.detach();
  return value + scale.to(x.dtype()).unsqueeze(-1) * (x - value);
}

Tensor embedding(const Tensor& weight, const Tensor& ids, const EmbeddingFuncOptions& options) {
  if (weight.dim() != 2)
    throw ShapeError(fmt::format("embedding: weight is {}; it must have two axes, [ids, width]",
                                 core::describe(weight)));
  const int64_t rows = weight.shape()[0];
  const int64_t padding = core::check_row("embedding", "padding_idx", options.padding_idx, rows);
  const auto checked = [&](const Tensor& t) {
    return core::check_indices("embedding", "ids", t, rows);
  };
  const Tensor at = detail::elementwise(checked, ids);
  const Tensor x = apply<Embedding>(weight, at, padding);
  return options.scale_grad_by_freq ? detail::scale_grad_by_frequency(x, at, rows) : x;
}

}  // namespace tapehead
