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
