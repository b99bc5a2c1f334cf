#include "tapehead/core/detail/matmul.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/detail/elementwise.h"
#include "tapehead/core/detail/gemm.h"
#include "tapehead/core/detail/views.h"
#include "tapehead/core/error.h"

namespace tapehead::core {
namespace {

// Returns x if its last two axes form a matrix that BLAS can read, else a contiguous copy.
Tensor readable(const Tensor& x) {
  const int r = x.dim();
  const int64_t rows = x.shape()[r - 2], columns = x.shape()[r - 1];
  const int64_t row = x.strides()[r - 2], column = x.strides()[r - 1];
  const bool by_rows = (column == 1 || columns == 1) && (row >= columns || rows == 1);
  const bool by_columns = (row == 1 || rows == 1) && (column >= rows || columns == 1);
  return by_rows || by_columns ? x : contiguous(x);
}

Matrix matrix_of(const Tensor& x) {
  const int r = x.dim();
  const int64_t rows = x.shape()[r - 2], columns = x.shape()[r - 1];
  // The stride of a single row or column is arbitrary: use one that BLAS accepts.
  int64_t row = x.strides()[r - 2], column = x.strides()[r - 1];
  if (columns == 1 && rows > 1 && row == 1) return {x.raw(), 1, rows};
  if (columns == 1) column = 1;
  if (rows == 1) row = column == 1 ? columns : 1;
  return {x.raw(), row, column};
}

// The distance between consecutive matrices if all batch axes collapse into one; otherwise -1.
int64_t batch_step(const Tensor& x, const Shape& batch) {
  const int own = x.dim() - 2;
  int64_t step = -1, count = 1;
  for (int i = 1; i <= batch.rank(); ++i) {
    const int64_t size = batch[batch.rank() - i];
    if (size == 1) continue;
    const bool here = i <= own && x.shape()[own - i] != 1;
    const int64_t stride = here ? x.strides()[own - i] : 0;
    if (step == -1) step = stride;
    else if (stride != step * count) return -1;
    count *= size;
  }
  return std::max<int64_t>(step, 0);
}

Tensor regular(const Tensor& x, const Shape& batch) {
  const Tensor y = readable(x);
  if (batch_step(y, batch) >= 0) return y;
  Shape full = batch;
  full.push_back(x.size(-2));
  full.push_back(x.size(-1));
  Tensor out = empty(full, x.dtype());
  copy_into(out, x);
  return out;
}

// [..., C] as [rows, C], without a copy if the strides allow it.
Tensor as_rows(const Tensor& x) {
  if (x.dim() == 2) return x;
  int64_t rows = 1;
  for (int i = 0; i + 1 < x.dim(); ++i) rows *= x.shape()[i];
  const Shape two{rows, x.size(-1)};
  const Tensor y = contiguous(x);
  return view_of(y, two, contiguous_strides(two), y.impl()->offset);
}

void check_inner(const char* op, const Tensor& a, const Tensor& b) {
  if (a.size(-1) != b.size(-2))
    throw ShapeError(
        fmt::format("{}: inner sizes differ: a is {}, b is {}; a.size(-1) must equal b.size(-2)",
                    op, a.shape().str(), b.shape().str()));
}

// out = a b + beta out
void multiply(const Tensor& out, const Tensor& a, const Tensor& b, const Shape& batch, int beta) {
  const int64_t m = a.size(-2), n = b.size(-1);
  const Tensor x = regular(a, batch), y = regular(b, batch);
  if (a.dtype() != b.dtype() || a.dtype() != out.dtype()) {
    const ProductTypes types{a.dtype(), b.dtype(), out.dtype()};
    const auto nth = [](const Tensor& t, int64_t elements) {
      Matrix matrix = matrix_of(t);
      matrix.data = t.raw() + elements * size_of(t.dtype());
      return matrix;
    };
    for (int64_t i = 0; i < batch.numel(); ++i)
      gemm(types, m, n, a.size(-1), nth(x, i * batch_step(x, batch)),
           nth(y, i * batch_step(y, batch)), out.raw() + i * m * n * size_of(out.dtype()), n, beta,
           nullptr);
    return;
  }
  gemm_batched(a.dtype(), batch.numel(), m, n, a.size(-1), matrix_of(x), batch_step(x, batch),
               matrix_of(y), batch_step(y, batch), out.raw(), m * n, n, beta);
}

}  // namespace

void add_matmul(const char* op, const Tensor& out, const Tensor& a, const Tensor& b) {
  check_inner(op, a, b);
  multiply(out, a, b, batch_of(out), 1);
}

Tensor matmul(const char* op, const Tensor& a, const Tensor& b, DType out_type) {
  if (a.dtype() == out_type && b.dtype() == out_type) return matmul(op, a, b);
  check_inner(op, a, b);
  const Shape batch = broadcast_shapes(op, batch_of(a), batch_of(b));
  Shape shape = batch;
  shape.push_back(a.size(-2));
  shape.push_back(b.size(-1));
  Tensor out = empty(shape, out_type);
  multiply(out, a, b, batch, 0);
  return out;
}

Tensor matmul(const char* op, const Tensor& a, const Tensor& b) {
  check_inner(op, a, b);
  const int64_t m = a.size(-2), k = a.size(-1), n = b.size(-1);
  if (a.dim() > 2 && b.dim() == 2 && a.is_contiguous()) {  // one tall product instead of a batch
    const Shape rows{a.numel() / std::max<int64_t>(k, 1), k};
    if (k > 0) {
      const Tensor flat =
          matmul(op, view_of(a, rows, contiguous_strides(rows), a.impl()->offset), b);
      Shape shape = a.shape();
      shape[shape.rank() - 1] = n;
      return view_of(flat, shape, contiguous_strides(shape), 0);
    }
  }
  const Shape batch = broadcast_shapes(op, batch_of(a), batch_of(b));
  Shape shape = batch;
  shape.push_back(m);
  shape.push_back(n);
  Tensor out = empty(shape, a.dtype());
  multiply(out, a, b, batch, 0);
  return out;
}

Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  const int64_t inner = x.size(-1), n = weight.size(0);
  Shape shape = x.shape();
  shape[shape.rank() - 1] = n;
  Tensor out = empty(shape, x.dtype());
  if (out.numel() == 0) return out;
  const Tensor rows = readable(as_rows(x)), w = readable(weight);
  Matrix wt = matrix_of(w);
  std::swap(wt.row, wt.column);
  const int64_t m = rows.size(0);
  if (x.dtype() == DType::f32 || x.dtype() == DType::bf16) {
    const Tensor b = bias.defined() ? contiguous(cast(bias, DType::f32)) : bias;
    gemm({x.dtype(), weight.dtype(), out.dtype()}, m, n, inner, matrix_of(rows), wt, out.raw(), n,
         0, b.defined() ? b.data<float>() : nullptr);
    return out;
  }
  if (bias.defined()) copy_into(out, bias);
  gemm(x.dtype(), m, n, inner, matrix_of(rows), wt, out.raw(), n, bias.defined());
  return out;
}

}  // namespace tapehead::core
