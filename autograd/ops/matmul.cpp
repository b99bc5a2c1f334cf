// matmul, linear.
#ifndef TAPEHEAD_ROWS
#include "tapehead/core/detail/matmul.h"

#include <fmt/format.h>

#include "tapehead/autograd/custom_op.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/error.h"

namespace tapehead {
namespace {

// [..., C] as [rows, C].
Tensor rows_of(const Tensor& x) {
  int64_t rows = 1;
  for (int i = 0; i + 1 < x.dim(); ++i) rows *= x.shape()[i];
  return x.reshape({rows, x.size(-1)});
}

// [..., M, K] x [..., K, N], both with at least two axes and of one type.
struct Matmul : CustomOp {
  static constexpr const char* kName = "matmul";
  Tensor forward(const Tensor& a, const Tensor& b) {
    save(a), save(b);
    return core::matmul(kName, a, b);
  }
  std::array<Tensor, 2> backward(const Tensor& dy) const {
    const Tensor a = saved(0), b = saved(1);
    std::array<Tensor, 2> grads;
    // Where b broadcast over the batch, the sum over the batch is part of one product.
    const bool one_b = b.dim() == 2 && a.dim() > 2;
    const Tensor rows = one_b ? rows_of(a) : a;
    const Tensor drows = one_b ? rows_of(dy) : dy;
    if (needs_grad(0) && !add(0, a, dy.transpose(-1, -2), b.transpose(-1, -2)))
      grads[0] = matmul(dy, b.transpose(-1, -2));
    if (needs_grad(1) && !add(1, b, rows, drows)) grads[1] = matmul(rows.transpose(-1, -2), drows);
    return grads;
  }

 private:
  // Hands the engine the gradient of operand i as the product a' b, if neither broadcast.
  bool add(size_t i, const Tensor& operand, const Tensor& a, const Tensor& b) const {
    const auto batch_of = [](const Tensor& x) {
      return Shape(std::span(x.shape().begin(), static_cast<size_t>(x.dim() - 2)));
    };
    return batch_of(a) == batch_of(operand) && batch_of(b) == batch_of(operand) &&
           add_product(i, a, b);
  }
};

// y = x W' + b with x [..., C], W [N, C], b [N].
struct Linear : CustomOp {
  static constexpr const char* kName = "linear";
  Tensor forward(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    save(x), save(weight);
    return core::linear(x, weight, bias);
  }
  std::array<Tensor, 3> backward(const Tensor& dy) const {
    std::array<Tensor, 3> grads;
    if (needs_grad(0)) grads[0] = matmul(dy, saved(1));
    const Tensor dy_rows = rows_of(dy);
    if (needs_grad(1)) {
      const Tensor rows = rows_of(saved(0));
      if (!add_product(1, dy_rows, rows)) grads[1] = matmul(dy_rows.transpose(0, 1), rows);
    }
    if (needs_grad(2)) grads[2] = sum_to(dy_rows, {dy_rows.size(1)});
    return grads;
  }
};

DType product_type(const char* op, const Tensor& a, const Tensor& b) {
  const DType dtype = core::result_type(a, b);
  if (dtype == boolean || dtype == u8)
    throw DTypeError(fmt::format("{}: does not take {}; convert with to(f32)", op, name(dtype)));
  return dtype;
}

}  // namespace

Tensor matmul(const Tensor& a, const Tensor& b) {
  if (a.dim() == 0 || b.dim() == 0)
    throw ShapeError(
        fmt::format("matmul: a is {}, b is {}; both need at least one axis, use * to scale",
                    a.shape().str(), b.shape().str()));
  const DType dtype = product_type("matmul", a, b);
  Tensor x = a.to(dtype), y = b.to(dtype);
  if (x.dim() == 1) x = x.unsqueeze(0);
  if (y.dim() == 1) y = y.unsqueeze(1);
  Tensor out = apply<Matmul>(x, y);
  if (b.dim() == 1) out = out.squeeze(-1);
  if (a.dim() == 1) out = out.squeeze(b.dim() == 1 ? -1 : -2);
  return out;
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  if (weight.dim() != 2 || x.dim() == 0 || x.size(-1) != weight.size(1))
    throw ShapeError(
        fmt::format("linear: x is {}, weight is {}; x.size(-1) must equal weight.size(1)",
                    x.shape().str(), weight.shape().str()));
  if (bias.defined() && bias.shape() != Shape{weight.size(0)})
    throw ShapeError(fmt::format("linear: bias is {}, weight is {}; bias must be [{}]",
                                 bias.shape().str(), weight.shape().str(), weight.size(0)));
  const DType dtype = product_type("linear", x, weight);
  return apply<Linear>(x.to(dtype), weight.to(dtype), bias.defined() ? bias.to(dtype) : bias);
}

}  // namespace tapehead

#else  // TAPEHEAD_ROWS: the rows of these ops in the table of tests
#include "tapehead/tests/op_row.h"

namespace tapehead::rows {
namespace {

// Any batch axes, broadcast; the last two are multiplied.
Array product(Array& a, Array& b, const Shape& batch) {
  const int ra = a.shape.rank(), rb = b.shape.rank();
  const int64_t m = a.shape[ra - 2], k = a.shape[ra - 1], n = b.shape[rb - 1];
  Shape shape = batch;
  shape.push_back(m);
  shape.push_back(n);
  Array c(shape);
  const auto start = [&](const Array& x,
                         int64_t item) {  // of the matrix that batch item `item` uses
    int64_t at = 0, step = 1;
    for (int i = 1; i <= batch.rank(); ++i) {
      const int64_t position = item % batch[batch.rank() - i];
      item /= batch[batch.rank() - i];
      if (i > x.shape.rank() - 2) continue;
      const int64_t size = x.shape[x.shape.rank() - 2 - i];
      if (size > 1) at += position * step;
      step *= size;
    }
    return at;
  };
  for (int64_t l = 0; l < batch.numel(); ++l)
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < n; ++j)
        for (int64_t t = 0; t < k; ++t)
          c[(l * m + i) * n + j] +=
              a[start(a, l) * m * k + i * k + t] * b[start(b, l) * k * n + t * n + j];
  return c;
}

Sample matmul_of(const Shape& a, const Shape& b, const Shape& batch) {
  return {{a, b},
          [](const Tensors& in) { return Tensors{matmul(in[0], in[1])}; },
          [=](Arrays& in) { return Arrays{product(in[0], in[1], batch)}; },
          a[a.rank() - 1]};
}

Sample vector_matmul(const Shape& a, const Shape& b, const Shape& out) {
  return {{a, b},
          [](const Tensors& in) { return Tensors{matmul(in[0], in[1])}; },
          [=](Arrays& in) {
            if (in[0].shape.rank() == 1) in[0].shape.insert(0, 1);
            if (in[1].shape.rank() == 1) in[1].shape.push_back(1);
            Array c = product(in[0], in[1], {});
            c.shape = out;
            return Arrays{c};
          },
          a[a.rank() - 1]};
}

Sample linear_of(const Shape& x, int64_t n, bool with_bias) {
  const int64_t c = x[x.rank() - 1];
  std::vector<Operand> operands{x, Shape{n, c}};
  if (with_bias) operands.emplace_back(Shape{n});
  return {operands,
          [=](const Tensors& in) {
            return Tensors{linear(in[0], in[1], with_bias ? in[2] : Tensor())};
          },
          [=](Arrays& in) {
            Shape shape = x;
            shape[x.rank() - 1] = n;
            Array y(shape);
            for (int64_t i = 0; i < y.numel() / n; ++i)
              for (int64_t j = 0; j < n; ++j) {
                y[i * n + j] = with_bias ? in[2][j] : 0;
                for (int64_t t = 0; t < c; ++t) y[i * n + j] += in[0][i * c + t] * in[1][j * c + t];
              }
            return Arrays{y};
          },
          c};
}

Tensor zeros_of(const Shape& shape, DType dtype = f32) { return core::full(shape, 0, dtype); }

}  // namespace

TAPEHEAD_ROW(matmul)
    .sample(matmul_of({3, 4}, {4, 5}, {}))
    .sample(matmul_of({1, 1}, {1, 1}, {}))
    .sample(matmul_of({1, 4}, {4, 1}, {}))
    .sample(matmul_of({4, 1}, {1, 3}, {}))
    .sample(matmul_of({2, 3, 4}, {4, 5}, {2}))
    .sample(matmul_of({3, 4}, {2, 4, 5}, {2}))
    .sample(matmul_of({2, 3, 4}, {2, 4, 2}, {2}))
    .sample(matmul_of({2, 1, 3, 4}, {3, 4, 2}, {2, 3}))
    .sample(matmul_of({3, 1, 2, 2}, {1, 2, 2, 2}, {3, 2}))
    .sample(matmul_of({0, 4}, {4, 2}, {}))
    .sample(matmul_of({2, 0}, {0, 3}, {}))
    .sample(vector_matmul({4}, {4}, {}))
    .sample(vector_matmul({4}, {4, 3}, {3}))
    .sample(vector_matmul({3, 4}, {4}, {3}))
    .bad<ShapeError>(
        [] {
          matmul(zeros_of({32, 10, 512}), zeros_of({256, 1024}));
        },
        "matmul: inner sizes differ: a is [32, 10, 512], b is [256, 1024]; a.size(-1) must "
        "equal b.size(-2)")
    .bad<ShapeError>(
        [] {
          matmul(zeros_of({2, 3, 4}), zeros_of({5, 4, 2}));
        },
        "matmul: shapes [2] and [5] do not broadcast: size(-1) is 2 in one and 5 in the "
        "other; sizes must be equal or 1")
    .bad<ShapeError>([] { matmul(zeros_of({}), zeros_of({3})); },
                     "matmul: a is [], b is [3]; both need at least one axis, use * to scale")
    .bad<DTypeError>(
        [] {
          matmul(zeros_of({2, 2}, boolean), zeros_of({2, 2}, boolean));
        },
        "matmul: does not take bool; convert with to(f32)");

TAPEHEAD_ROW(linear)
    .sample(linear_of({3, 4}, 5, true))
    .sample(linear_of({2, 3, 4}, 2, true))
    .sample(linear_of({4}, 3, false))
    .sample(linear_of({0, 4}, 3, true))
    .bad<ShapeError>(
        [] {
          linear(zeros_of({2, 3}), zeros_of({5, 4}));
        },
        "linear: x is [2, 3], weight is [5, 4]; x.size(-1) must equal weight.size(1)")
    .bad<ShapeError>(
        [] {
          linear(zeros_of({2, 4}), zeros_of({5, 4}), zeros_of({4}));
        },
        "linear: bias is [4], weight is [5, 4]; bias must be [5]");

}  // namespace tapehead::rows
#endif
