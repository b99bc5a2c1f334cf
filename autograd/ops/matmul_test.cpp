#include "tapehead/core/creation.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

// Multiplies the last two axes, with batch axes broadcast.
Array product(Array& a, Array& b, const Shape& batch) {
  const int ra = a.shape.rank(), rb = b.shape.rank();
  const int64_t m = a.shape[ra - 2], k = a.shape[ra - 1], n = b.shape[rb - 1];
  Shape shape = batch;
  shape.push_back(m);
  shape.push_back(n);
  Array c(shape);
  const auto start = [&](const Array& x,
                         int64_t item) {  // the matrix for batch item `item`
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

}  // namespace

TAPEHEAD_OP_TEST(matmul)
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
          matmul(zeros({32, 10, 512}), zeros({256, 1024}));
        },
        "matmul: inner sizes differ: a is [32, 10, 512], b is [256, 1024]; a.size(-1) must "
        "equal b.size(-2)")
    .bad<ShapeError>(
        [] {
          matmul(zeros({2, 3, 4}), zeros({5, 4, 2}));
        },
        "matmul: shapes [2] and [5] do not broadcast: size(-1) is 2 in one and 5 in the "
        "other; sizes must be equal or 1")
    .bad<ShapeError>([] { matmul(zeros({}), zeros({3})); },
                     "matmul: a is [], b is [3]; both need at least one axis, use * to scale")
    .bad<DTypeError>(
        [] {
          matmul(zeros({2, 2}, boolean), zeros({2, 2}, boolean));
        },
        "matmul: bool is not supported; convert with to(f32)");

TAPEHEAD_OP_TEST(linear)
    .sample(linear_of({3, 4}, 5, true))
    .sample(linear_of({2, 3, 4}, 2, true))
    .sample(linear_of({4}, 3, false))
    .sample(linear_of({0, 4}, 3, true))
    .bad<ShapeError>(
        [] {
          linear(zeros({2, 3}), zeros({5, 4}));
        },
        "linear: x is [2, 3], weight is [5, 4]; x.size(-1) must equal weight.size(1)")
    .bad<ShapeError>(
        [] {
          linear(zeros({2, 4}), zeros({5, 4}), zeros({4}));
        },
        "linear: bias is [4], weight is [5, 4]; bias must be [5]");

}  // namespace tapehead::op_tests
