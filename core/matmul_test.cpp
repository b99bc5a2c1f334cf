#include "tapehead/core/detail/matmul.h"
#include "tapehead/core/creation.h"

#include <doctest/doctest.h>

using namespace tapehead;

TEST_CASE("a product over no elements is zeros, of vectors too") {
  for (const DType dtype : {f32, f64, bf16, i64})
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
