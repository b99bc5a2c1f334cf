// Rows chosen by integers: index_select, index_add, embedding.
#ifndef TAPEHEAD_ROWS
#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/index.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

struct IndexSelect : CustomOp {
  static constexpr const char* kName = "index_select";
  int axis;
  Shape shape;
  DType dtype;
  Tensor forward(const Tensor& x, int a, const Tensor& indices) {
    axis = a;
    shape = x.shape();
    dtype = x.dtype();
    return core::take(x, axis, save(indices));
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    if (const Tensor sum = arrived(0); sum.defined()) {
      core::add_taken(sum, axis, saved(0), dy);
      return {};
    }
    return {index_add(core::full(shape, 0, dtype), axis, saved(0), dy), Tensor()};
  }
};

struct IndexAdd : CustomOp {
  static constexpr const char* kName = "index_add";
  int axis;
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
  int64_t rows, width, padding;
  DType dtype;
  Tensor forward(const Tensor& weight, const Tensor& ids, int64_t padding_idx) {
    rows = weight.shape()[0];
    width = weight.shape()[1];
    padding = padding_idx;
    dtype = weight.dtype();
    return core::take(weight, 0, save(ids));
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    if (const Tensor sum = arrived(0); sum.defined()) {
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

int checked_axis(const char* op, const Tensor& x, int64_t axis, const Tensor& indices) {
  const int at = normalize_axis(op, axis, x.dim());
  if (x.dim() == 0) throw ShapeError(fmt::format("{}: a 0-d tensor has no axes", op));
  if (indices.dim() != 1)
    throw ShapeError(
        fmt::format("{}: indices is {}; it must have one axis", op, core::describe(indices)));
  return at;
}

}  // namespace

Tensor index_select(const Tensor& x, int64_t axis, const Tensor& indices) {
  const int at = checked_axis("index_select", x, axis, indices);
  return apply<IndexSelect>(x, at,
                            core::check_indices("index_select", "indices", indices, x.shape()[at]));
}

Tensor index_add(const Tensor& x, int64_t axis, const Tensor& indices, const Tensor& source) {
  const int at = checked_axis("index_add", x, axis, indices);
  Shape expected = x.shape();
  expected[at] = indices.numel();
  if (source.shape() != expected)
    throw ShapeError(fmt::format(
        "index_add: source is {}; with {} indices for axis {} of {} it must be {}",
        core::describe(source), indices.numel(), at, core::describe(x), expected.str()));
  return apply<IndexAdd>(x, at, core::check_indices("index_add", "indices", indices, x.shape()[at]),
                         source);
}

Tensor embedding(const Tensor& weight, const Tensor& ids, const EmbeddingOptions& options) {
  if (weight.dim() != 2)
    throw ShapeError(fmt::format("embedding: weight is {}; it must have two axes, [ids, width]",
                                 core::describe(weight)));
  const int64_t rows = weight.shape()[0];
  const int64_t padding = core::check_row("embedding", "padding_idx", options.padding_idx, rows);
  return apply<Embedding>(weight, core::check_indices("embedding", "ids", ids, rows), padding);
}

}  // namespace tapehead

#else  // TAPEHEAD_ROWS: the rows of these ops in the table of tests
#include "tapehead/core/creation.h"
#include "tapehead/tests/op_row.h"

namespace tapehead::rows {
namespace {

// Rows of a table [n, width] at the indices, in their shape.
Array rows_of(Array& table, Array& ids) {
  const int64_t width = table.shape[1];
  Shape shape = ids.shape;
  shape.push_back(width);
  Array out(shape);
  for (int64_t i = 0; i < out.numel(); ++i)
    out[i] = table(static_cast<int64_t>(ids[i / width]), i % width);
  return out;
}

}  // namespace

TAPEHEAD_ROW(index_select)
    .sample({{Operand({5, 3}), indices({7}, 5)},
             [](const Tensors& in) { return Tensors{index_select(in[0], 0, in[1])}; },
             [](Arrays& in) { return Arrays{rows_of(in[0], in[1])}; }})
    .sample({{Operand({2, 4, 3}), indices({2}, 4)},
             [](const Tensors& in) { return Tensors{index_select(in[0], -2, in[1])}; },
             [](Arrays& in) {
               Array out({2, 2, 3});
               for (int64_t i = 0; i < 2; ++i)
                 for (int64_t j = 0; j < 2; ++j)
                   for (int64_t k = 0; k < 3; ++k)
                     out(i, j, k) = in[0](i, static_cast<int64_t>(in[1](j)), k);
               return Arrays{out};
             }})
    .sample({{Operand({5, 3}), indices({0}, 5)},
             [](const Tensors& in) { return Tensors{index_select(in[0], 0, in[1])}; },
             [](Arrays&) {
               return Arrays{Array({0, 3})};
             }})
    .bad<IndexError>(
        [] {
          index_select(zeros({3, 2}), 1, tensor({0, 2}));
        },
        "index_select: indices[1] = 2 is outside 0..1")
    .bad<DTypeError>([] { index_select(zeros({3}), 0, tensor({0.5})); },
                     "index_select: indices is f32; indices are integers, convert with to(i64)")
    .bad<ShapeError>([] { index_select(zeros({3}), 0, tensor(0)); },
                     "index_select: indices is [] i64; it must have one axis")
    .bad<ShapeError>([] { index_select(zeros({}), 0, tensor({0})); },
                     "index_select: a 0-d tensor has no axes");

TAPEHEAD_ROW(index_add)
    .sample({{Operand({5, 3}), indices({7}, 5), Operand({7, 3})},
             [](const Tensors& in) { return Tensors{index_add(in[0], 0, in[1], in[2])}; },
             [](Arrays& in) {
               Array out = in[0];
               for (int64_t i = 0; i < 7; ++i)
                 for (int64_t j = 0; j < 3; ++j)
                   out(static_cast<int64_t>(in[1](i)), j) += in[2](i, j);
               return Arrays{out};
             },
             8})
    .bad<ShapeError>(
        [] {
          index_add(zeros({3, 2}), 1, tensor({0}), zeros({3, 2}));
        },
        "index_add: source is [3, 2] f32; with 1 indices for axis 1 of [3, 2] f32 it must be "
        "[3, 1]");

TAPEHEAD_ROW(embedding)
    .sample({{Operand({5, 3}), indices({2, 4}, 5)},
             [](const Tensors& in) { return Tensors{embedding(in[0], in[1])}; },
             [](Arrays& in) { return Arrays{rows_of(in[0], in[1])}; }})
    .sample({{Operand({5, 3}), indices({}, 5)},
             [](const Tensors& in) { return Tensors{embedding(in[0], in[1])}; },
             [](Arrays& in) { return Arrays{rows_of(in[0], in[1])}; }})
    .sample({.operands = {Operand({4, 3}), given(indices({2, 3}, 4), {1, 3, 3, 0, 1, 1})},
             .call =
                 [](const Tensors& in) {
                   return Tensors{embedding(in[0], in[1], {.padding_idx = 3})};
                 },
             .reference = [](Arrays& in) { return Arrays{rows_of(in[0], in[1])}; },
             .has_derivative = false})
    .sample({.operands = {Operand({4, 3}), given(indices({2}, 4), {1, 1})},  // nothing but padding
             .call =
                 [](const Tensors& in) {
                   return Tensors{embedding(in[0], in[1], {.padding_idx = 1})};
                 },
             .reference = [](Arrays& in) { return Arrays{rows_of(in[0], in[1])}; },
             .has_derivative = false})
    .bad<IndexError>(
        [] {
          Tensor ids = zeros({5, 9}, i32);
          ids[3][7].fill_(6001);
          embedding(zeros({6000, 2}), ids);
        },
        "embedding: ids[3, 7] = 6001 is outside 0..5999")
    .bad<IndexError>(
        [] {
          embedding(zeros({3, 2}), tensor({1}), {.padding_idx = 3});
        },
        "embedding: padding_idx = 3 is outside -3..2")
    .bad<DTypeError>(
        [] {
          embedding(zeros({3, 2}), tensor({1.0}));
        },
        "embedding: ids is f32; indices are integers, convert with to(i64)")
    .bad<ShapeError>([] { embedding(zeros({3}), tensor({1})); },
                     "embedding: weight is [3] f32; it must have two axes, [ids, width]");

}  // namespace tapehead::rows
#endif
