// index_put, index_put_.
#include <fmt/format.h>

#include <cstring>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/detail/views.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// x [N, C] with rows [I, C] in place of those at the indices [I].
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

// What the indices name of x: the rows [I] of x [N, C], and the shape of the values.
struct Rows {
  Tensor indices;
  int64_t count, width;
  Shape values;
};

std::vector<Tensor> positions_of(const Tensor& x, const Tensor& mask) {
  bool fits = mask.dim() >= 1 && mask.dim() <= x.dim();
  for (int i = 0; fits && i < mask.dim(); ++i) fits = mask.shape()[i] == x.shape()[i];
  if (!fits)
    throw ShapeError(
        fmt::format("index_put: the mask is {}, x is {}; the mask must have the sizes of its first "
                    "axes",
                    core::describe(mask), core::describe(x)));
  return unbind(nonzero(mask), 1);
}

Rows rows_of(const Tensor& x, const std::vector<Tensor>& indices) {
  const bool is_mask = indices.size() == 1 && indices[0].dtype() == boolean;
  const std::vector<Tensor> list = is_mask ? positions_of(x, indices[0]) : indices;
  if (list.empty() || list.size() > static_cast<size_t>(x.dim()))
    throw ShapeError(
        fmt::format("index_put: {} index tensors for {}; pass one for each of its "
                    "first axes",
                    list.size(), core::describe(x)));
  Shape shape;
  for (const Tensor& t : list) shape = broadcast_shapes("index_put", shape, t.shape());
  Rows rows{core::full(shape, 0, i64), 1, 1, shape};
  for (size_t i = 0; i < list.size(); ++i) {
    const int64_t size = x.shape()[static_cast<int>(i)];
    const Tensor at =
        core::check_indices("index_put", fmt::format("indices[{}]", i).c_str(), list[i], size);
    rows.indices = no_grad([&] { return rows.indices * size + at; });
    rows.count *= size;
  }
  for (auto i = static_cast<int>(list.size()); i < x.dim(); ++i) {
    rows.width *= x.shape()[i];
    rows.values.push_back(x.shape()[i]);
  }
  rows.indices = rows.indices.reshape({-1});
  return rows;
}

Tensor put(const char* op, const Tensor& x, const Rows& rows, const Tensor& values,
           bool accumulate) {
  if (core::is_number(values)) core::check_range(op, values, x.dtype());
  if (!broadcasts_to(values.shape(), rows.values))
    throw ShapeError(fmt::format("{}: the values are {}; they must broadcast to {}", op,
                                 core::describe(values), rows.values.str()));
  const Tensor from =
      values.to(x.dtype()).expand(rows.values).reshape({rows.indices.numel(), rows.width});
  const Tensor flat = x.reshape({rows.count, rows.width});
  const Tensor out = accumulate ? index_add(flat, 0, rows.indices, from)
                                : apply<PutRows>(flat, rows.indices, from);
  return out.reshape(x.shape());
}

}  // namespace

Tensor index_put(const Tensor& x, const std::vector<Tensor>& indices, const Tensor& values,
                 bool accumulate) {
  return put("index_put", x, rows_of(x, indices), values, accumulate);
}

const Tensor& Tensor::index_put_(const std::vector<Tensor>& indices, const Tensor& values,
                                 bool accumulate) const {
  const Rows rows = rows_of(*this, indices);
  const auto changed = [&](const Tensor& before) {
    return put("index_put_", before, rows, values, accumulate);
  };
  detail::change(
      "index_put_", *this, values, [&] { return changed(detail::copy_on_tape(*this)); },
      [&] { core::copy_into(*this, no_grad([&] { return changed(*this); })); });
  return *this;
}

}  // namespace tapehead
