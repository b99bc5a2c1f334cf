#include "tapehead/core/detail/product.h"

#include <algorithm>
#include <vector>

namespace tapehead::core {
namespace {

constexpr int64_t kMostCopied = 1 << 22;  // elements of an operand copied at a time

// Replaces the arbitrary stride of a single row or column.
Matrix normalised(const Matrix& x, int64_t rows, int64_t columns) {
  Matrix out = x;
  if (columns == 1) out.column = 1;
  if (rows == 1) out.row = out.column == 1 ? std::max<int64_t>(columns, 1) : 1;
  return out;
}

bool is_far(const Matrix& x, int64_t most) { return x.row > most || x.column > most; }

// Copies x row by row into `buffer`.
Matrix copied(DType dtype, const Matrix& x, int64_t rows, int64_t columns,
              std::vector<char>& buffer) {
  buffer.resize(static_cast<size_t>(rows * columns * size_of(dtype)));
  visit(dtype, [&]<class T>() {
    const T* from = static_cast<const T*>(x.data);
    T* to = reinterpret_cast<T*>(buffer.data());
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j) to[i * columns + j] = from[i * x.row + j * x.column];
  });
  return {buffer.data(), columns, 1};
}

// The product restricted to terms `from` to `to` of the sums.
Product terms_of(DType dtype, const Product& p, int64_t from, int64_t to) {
  Product q = p;
  q.k = to - from;
  q.a.data = advance(p.a.data, dtype, from * p.a.column);
  q.b.data = advance(p.b.data, dtype, from * p.b.row);
  if (from > 0) q.beta = 1;
  return q;
}

}  // namespace

Product block_of(DType dtype, const Product& p, int64_t i, int64_t j, int64_t m, int64_t n) {
  Product q = p;
  q.m = m;
  q.n = n;
  q.a.data = advance(p.a.data, dtype, i * p.a.row);
  q.b.data = advance(p.b.data, dtype, j * p.b.column);
  q.c = const_cast<void*>(advance(p.c, dtype, i * p.row + j));
  return q;
}

void in_pieces(DType dtype, const Product& given, int64_t most,
               const std::function<void(const Product&)>& run) {
  Product p = given;
  p.a = normalised(p.a, p.m, p.k);
  p.b = normalised(p.b, p.k, p.n);
  if (p.m == 1) p.row = std::max<int64_t>(p.n, 1);
  const bool a_is_far = is_far(p.a, most), b_is_far = is_far(p.b, most);
  const bool large_a = a_is_far && p.m * p.k > kMostCopied;
  const bool large_b = b_is_far && p.k * p.n > kMostCopied;
  if (p.m > most || (p.row > most && p.m > 1) || (large_a && p.m >= p.k)) {
    const int64_t half = p.m / 2;
    in_pieces(dtype, block_of(dtype, p, 0, 0, half, p.n), most, run);
    in_pieces(dtype, block_of(dtype, p, half, 0, p.m - half, p.n), most, run);
  } else if (p.n > most || (large_b && p.n >= p.k)) {
    const int64_t half = p.n / 2;
    in_pieces(dtype, block_of(dtype, p, 0, 0, p.m, half), most, run);
    in_pieces(dtype, block_of(dtype, p, 0, half, p.m, p.n - half), most, run);
  } else if (p.k > most || large_a || large_b) {
    in_pieces(dtype, terms_of(dtype, p, 0, p.k / 2), most, run);
    in_pieces(dtype, terms_of(dtype, p, p.k / 2, p.k), most, run);
  } else {
    std::vector<char> a, b;
    if (a_is_far) p.a = copied(dtype, p.a, p.m, p.k, a);
    if (b_is_far) p.b = copied(dtype, p.b, p.k, p.n, b);
    run(p);
  }
}

}  // namespace tapehead::core
