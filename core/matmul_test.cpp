#include "tapehead/core/detail/matmul.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/elementwise.h"

#include <doctest/doctest.h>

using namespace tapehead;

TEST_CASE("a product over no elements is zeros, of vectors too") {
  for (const DType dtype : {f32, f64, bf16, f16, i64, i16, i8})
    for (const int64_t m : {1, 3})
      for (const int64_t n : {1, 4}) {
        CAPTURE(name(dtype));
        CAPTURE(m);
        CAPTURE(n);
        { const Tensor left_behind = full({m, n}, 7, dtype); }  // the result reuses its memory
        const Tensor c = core::matmul("matmul", zeros({m, 0}, dtype), zeros({0, n}, dtype));
        CHECK(c.to_vector<double>() == std::vector<double>(static_cast<size_t>(m * n), 0));
      }
}

TEST_CASE("matrix products in f16 are accumulated in f32, those of small integers wrap around") {
  const Tensor a = arange(6).reshape({2, 3}), b = arange(6).reshape({3, 2}) - 40;
  const auto product = [&](DType dtype, const Tensor& x, const Tensor& y) {
    return core::matmul("matmul", core::cast(x, dtype), core::cast(y, dtype)).to_vector<double>();
  };
  CHECK(product(f16, a, b) == std::vector<double>{-110, -107, -452, -440});
  CHECK(product(i16, a, b) == std::vector<double>{-110, -107, -452, -440});
  CHECK(product(i8, a, b) == std::vector<double>{-110, -107, 60, 72});
  CHECK(product(f16, a, b.transpose(0, 1).contiguous().transpose(0, 1)) == product(f16, a, b));
  // In f16, the sum would stop at 2048.
  CHECK(product(f16, ones({1, 3000}), ones({3000, 1})) == std::vector<double>{3000});
}

// Shapes on both sides of the limits of core/kernels/small_products.h, and their tails.
TEST_CASE("small matrix products, with few rows or a small right matrix, are those of any others") {
  for (const DType dtype : {f32, f64})
    for (const int64_t m : {2, 7, 9, 32, 33})
      for (const int64_t n : {2, 11, 48, 257})
        for (const int64_t k : {2, 63, 64, 129, 259})
          for (const bool transposed : {false, true})
            for (const bool adds : {false, true}) {
              CAPTURE(name(dtype));
              CAPTURE(m);
              CAPTURE(n);
              CAPTURE(k);
              CAPTURE(transposed);
              CAPTURE(adds);
              const auto operand = [&](int64_t rows, int64_t columns, bool by_columns) {
                const Tensor x = (arange(rows * columns) * 37 % 23 - 11).to(dtype);
                return by_columns ? x.reshape({columns, rows}).transpose(0, 1)
                                  : x.reshape({rows, columns});
              };
              const Tensor a = operand(m, k, !transposed && adds), b = operand(k, n, transposed);
              const Tensor c = operand(m, n, false), before = c.clone();
              if (adds) core::add_matmul("matmul", c, a, b);
              else core::copy_into(c, core::matmul("matmul", a, b));
              Tensor wanted = core::matmul("matmul", a.to(i64), b.to(i64)).to(dtype);
              if (adds) wanted = wanted + before;
              CHECK(c.to_vector<double>() == wanted.to_vector<double>());
            }
}
