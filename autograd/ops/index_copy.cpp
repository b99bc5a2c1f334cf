// Rows written at integer indices: index_copy, index_fill, index_reduce; masked_scatter.
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/scatter.h"
#include "tapehead/autograd/detail/views.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/ops/scatter.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

using detail::AtIndices;

struct IndexCopy : CustomOp {
  static constexpr const char* kName = "index_copy";
  int axis;
  Tensor forward(const Tensor& x, int a, const Tensor& indices, const Tensor& source) {
    axis = a;
    save(indices);
    Tensor out = core::clone(x);
    core::put_taken(out, axis, indices, core::cast(source, x.dtype()));
    return out;
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    return {needs_grad(0) ? index_fill(dy, axis, saved(0), 0) : Tensor(), Tensor(),
            needs_grad(2) ? index_select(dy, axis, saved(0)) : Tensor()};
  }
};

Tensor filled_rows(const Tensor& x, int axis, const Tensor& indices, const Tensor& value) {
  Shape shape = x.shape();
  shape[axis] = indices.numel();
  return core::expand(core::cast(value, x.dtype()), shape);
}

struct IndexFill : CustomOp {
  static constexpr const char* kName = "index_fill";
  int axis;
  Tensor forward(const Tensor& x, int a, const Tensor& indices, const Tensor& value) {
    axis = a;
    save(indices);
    Tensor out = core::clone(x);
    core::put_taken(out, axis, indices, filled_rows(x, axis, indices, value));
    return out;
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    const Tensor dx = index_fill(dy, axis, saved(0), 0);
    // Not a sum over the indices, which may repeat.
    return {dx, Tensor(), needs_grad(2) ? sum(dy - dx) : Tensor()};
  }
};

AtIndices fill_at(const char* op, const Tensor& x, int64_t axis, const Tensor& indices,
                  const Tensor& value) {
  AtIndices at = detail::rows_at(op, x, axis, indices);
  if (value.dim() != 0)
    throw ShapeError(fmt::format("{}: the value is {}; it must have no axes; use index_copy()", op,
                                 core::describe(value)));
  if (core::is_number(value)) core::check_range(op, value, x.dtype());
  at.source = value;
  return at;
}

// The positions of the mask's elements in x, and the values for them.
AtIndices masked_at(const char* op, const Tensor& x, const Tensor& mask, const Tensor& source) {
  if (mask.dtype() != boolean)
    throw DTypeError(
        fmt::format("{}: the mask is {}; it must be bool; use a comparison or to(boolean)", op,
                    name(mask.dtype())));
  const Tensor at = core::nonzero_positions(mask.detach().expand(x.shape()));
  if (source.numel() < at.numel())
    throw ShapeError(fmt::format("{}: the mask is true for {} elements, and source {} has only {}",
                                 op, at.numel(), core::describe(source), source.numel()));
  return {0, at, source.reshape({-1}).slice(0, 0, at.numel())};
}

}  // namespace

Tensor index_copy(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source) {
  const AtIndices at = detail::rows_at("index_copy", x, axis, indices, source);
  return apply<IndexCopy>(x, at.axis, at.indices, at.source);
}

const Tensor& index_copy_(const Tensor& x, int64_t axis, const Tensor& indices,
                          const Tensor& source) {
  const AtIndices at = detail::rows_at("index_copy_", x, axis, indices, source);
  return detail::change_at<IndexCopy>("index_copy_", x, at, [&](const Tensor& rows) {
    core::put_taken(x, at.axis, at.indices, rows);
  });
}

Tensor index_fill(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& value) {
  const AtIndices at = fill_at("index_fill", x, axis, indices, value);
  return apply<IndexFill>(x, at.axis, at.indices, at.source);
}

const Tensor& index_fill_(const Tensor& x, int64_t axis, const Tensor& indices,
                          const Tensor& value) {
  const AtIndices at = fill_at("index_fill_", x, axis, indices, value);
  return detail::change_at<IndexFill>("index_fill_", x, at, [&](const Tensor& number) {
    core::put_taken(x, at.axis, at.indices, filled_rows(x, at.axis, at.indices, number));
  });
}

Tensor index_reduce(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source,
                    std::string_view reduce, bool include_self) {
  const AtIndices at = detail::rows_at("index_reduce", x, axis, indices, source);
  Shape column = Shape::filled(x.dim(), 1);
  column[at.axis] = at.indices.numel();
  return scatter_reduce(x, axis, at.indices.reshape(column).expand(source.shape()), source, reduce,
                        include_self);
}

Tensor masked_scatter(const Tensor& x, const Tensor& mask, const Tensor& source) {
  const Tensor whole = x.expand(broadcast_shapes("masked_scatter", x.shape(), mask.shape()));
  const AtIndices at = masked_at("masked_scatter", whole, mask, source);
  return apply<IndexCopy>(whole.reshape({-1}), 0, at.indices, at.source).reshape(whole.shape());
}

const Tensor& masked_scatter_(const Tensor& x, const Tensor& mask, const Tensor& source) {
  if (!broadcasts_to(mask.shape(), x.shape()))
    throw ShapeError(fmt::format("masked_scatter_: shape {} of the mask does not broadcast to {}",
                                 mask.shape().str(), core::describe(x)));
  const AtIndices at = masked_at("masked_scatter_", x, mask, source);
  const auto changed = [&](const Tensor& before) {
    return apply<IndexCopy>(before.reshape({-1}), 0, at.indices, at.source).reshape(x.shape());
  };
  detail::change(
      "masked_scatter_", x, source, [&] { return changed(detail::copy_on_tape(x)); },
      [&] {
        if (x.is_contiguous())
          core::put_taken(core::reshape(x, {x.numel()}), 0, at.indices,
                          core::cast(detail::apart(at.source, x), x.dtype()));
        else core::copy_into(x, no_grad([&] { return changed(x); }));
      });
  return x;
}

}  // namespace tapehead
