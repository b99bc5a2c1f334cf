// Elements chosen by integers: gather, scatter_add, take_along_dim.
#ifndef TAPEHEAD_ROWS
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct Gather : CustomOp {
  static constexpr const char* kName = "gather";
  int axis;
  Shape shape;
  DType dtype;
  Tensor forward(const Tensor& x, int a, const Tensor& indices) {
    axis = a;
    shape = x.shape();
    dtype = x.dtype();
    return core::gather(x, axis, save(indices));
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    if (const Tensor sum = arrived(0); sum.defined()) {
      core::add_gathered(sum, axis, saved(0), dy);
      return {};
    }
    return {scatter_add(core::full(shape, 0, dtype), axis, saved(0), dy), Tensor()};
  }
};

struct ScatterAdd : CustomOp {
  static constexpr const char* kName = "scatter_add";
  int axis;
  Tensor forward(const Tensor& x, int a, const Tensor& indices, const Tensor& source) {
    axis = a;
    save(indices);
    Tensor out = core::clone(x);
    core::add_gathered(out, axis, indices, core::cast(source, x.dtype()));
    return out;
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    return {dy, Tensor(), needs_grad(2) ? gather(dy, axis, saved(0)) : Tensor()};
  }
};

// The axis, once the indices fit into `x` along all others.
int checked_axis(const char* op, const Tensor& x, int64_t axis, const Tensor& indices) {
  const int at = normalize_axis(op, axis, x.dim());
  bool fits = x.dim() == indices.dim();
  for (int i = 0; fits && i < x.dim(); ++i) fits = i == at || indices.shape()[i] <= x.shape()[i];
  if (!fits)
    throw ShapeError(
        fmt::format("{}: indices {} do not fit into {}; they need as many axes, and no size larger "
                    "except size({})",
                    op, indices.shape().str(), core::describe(x), at));
  return at;
}

int64_t limit(const Tensor& x, int axis) { return x.dim() == 0 ? 1 : x.shape()[axis]; }

}  // namespace

Tensor gather(const Tensor& x, int64_t axis, const Tensor& indices) {
  const int at = checked_axis("gather", x, axis, indices);
  return apply<Gather>(x, at, core::check_indices("gather", "indices", indices, limit(x, at)));
}

Tensor scatter_add(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source) {
  const int at = checked_axis("scatter_add", x, axis, indices);
  Tensor corner = source;
  bool fits = source.dim() == indices.dim();
  for (int i = 0; fits && i < source.dim(); ++i) {
    fits = indices.shape()[i] <= source.shape()[i];
    if (indices.shape()[i] < source.shape()[i]) corner = corner.slice(i, 0, indices.shape()[i]);
  }
  if (!fits)
    throw ShapeError(
        fmt::format("scatter_add: source is {}; it needs an element for each of the indices {}",
                    core::describe(source), indices.shape().str()));
  return apply<ScatterAdd>(
      x, at, core::check_indices("scatter_add", "indices", indices, limit(x, at)), corner);
}

Tensor take_along_dim(const Tensor& x, const Tensor& indices, int64_t axis) {
  const int at = normalize_axis("take_along_dim", axis, x.dim());
  if (x.dim() != indices.dim())
    throw ShapeError(fmt::format("take_along_dim: {} and indices {} must have as many axes",
                                 core::describe(x), indices.shape().str()));
  Shape one = x.shape(), wanted = indices.shape();
  if (x.dim() > 0) one[at] = wanted[at] = 1;
  Shape common = broadcast_shapes("take_along_dim", one, wanted), from = common;
  if (x.dim() > 0) common[at] = indices.shape()[at], from[at] = x.shape()[at];
  return gather(x.expand(from), axis, indices.expand(common));
}

}  // namespace tapehead

#else  // TAPEHEAD_ROWS: the rows of these ops in the table of tests
#include "tapehead/core/creation.h"
#include "tapehead/tests/op_row.h"

namespace tapehead::rows {
namespace {

int64_t at(Array& indices, int64_t i, int64_t j) { return static_cast<int64_t>(indices(i, j)); }

}  // namespace

TAPEHEAD_ROW(gather)
    .sample({{Operand({3, 5}), indices({3, 4}, 5)},
             [](const Tensors& in) { return Tensors{gather(in[0], -1, in[1])}; },
             [](Arrays& in) {
               Array out({3, 4});
               for (int64_t i = 0; i < 3; ++i)
                 for (int64_t j = 0; j < 4; ++j) out(i, j) = in[0](i, at(in[1], i, j));
               return Arrays{out};
             }})
    .sample({{Operand({3, 5}), indices({6, 2}, 3)},  // fewer columns than there are
             [](const Tensors& in) { return Tensors{gather(in[0], 0, in[1])}; },
             [](Arrays& in) {
               Array out({6, 2});
               for (int64_t i = 0; i < 6; ++i)
                 for (int64_t j = 0; j < 2; ++j) out(i, j) = in[0](at(in[1], i, j), j);
               return Arrays{out};
             }})
    .sample({{Operand({2, 4, 3}), indices({2, 2, 3}, 4)},
             [](const Tensors& in) { return Tensors{gather(in[0], 1, in[1])}; },
             [](Arrays& in) {
               Array out({2, 2, 3});
               for (int64_t i = 0; i < 2; ++i)
                 for (int64_t j = 0; j < 2; ++j)
                   for (int64_t k = 0; k < 3; ++k)
                     out(i, j, k) = in[0](i, static_cast<int64_t>(in[1](i, j, k)), k);
               return Arrays{out};
             }})
    .bad<IndexError>(
        [] {
          gather(zeros({2, 3}), 1, tensor({{0, 3}}));
        },
        "gather: indices[0, 1] = 3 is outside 0..2")
    .bad<ShapeError>(
        [] {
          gather(zeros({2, 3}), 1, zeros({3, 3}, i64));
        },
        "gather: indices [3, 3] do not fit into [2, 3] f32; they need as many axes, and no size "
        "larger except size(1)")
    .bad<DTypeError>([] { gather(zeros({2}), 0, tensor({true})); },
                     "gather: indices is bool; indices are integers, convert with to(i64)");

TAPEHEAD_ROW(scatter_add)
    .sample({{Operand({3, 5}), indices({3, 6}, 5), Operand({3, 7})},  // a source larger than needed
             [](const Tensors& in) { return Tensors{scatter_add(in[0], 1, in[1], in[2])}; },
             [](Arrays& in) {
               Array out = in[0];
               for (int64_t i = 0; i < 3; ++i)
                 for (int64_t j = 0; j < 6; ++j) out(i, at(in[1], i, j)) += in[2](i, j);
               return Arrays{out};
             },
             7})
    .bad<ShapeError>(
        [] {
          scatter_add(zeros({2, 3}), 1, zeros({2, 3}, i64), zeros({2, 2}));
        },
        "scatter_add: source is [2, 2] f32; it needs an element for each of the indices [2, 3]")
    .bad<IndexError>([] { scatter_add(zeros({2}), 0, tensor({2}), zeros({1})); },
                     "scatter_add: indices[0] = 2 is outside 0..1");

TAPEHEAD_ROW(take_along_dim)
    .sample({{Operand({3, 5}), indices({1, 2}, 5)},
             [](const Tensors& in) { return Tensors{take_along_dim(in[0], in[1], 1)}; },
             [](Arrays& in) {
               Array out({3, 2});
               for (int64_t i = 0; i < 3; ++i)
                 for (int64_t j = 0; j < 2; ++j) out(i, j) = in[0](i, at(in[1], 0, j));
               return Arrays{out};
             }})
    .bad<ShapeError>(
        [] {
          take_along_dim(zeros({2, 3}), tensor({0}), 1);
        },
        "take_along_dim: [2, 3] f32 and indices [1] must have as many axes");

}  // namespace tapehead::rows
#endif
