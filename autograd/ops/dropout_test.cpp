// What the table of ops cannot see of dropout: which elements, and how many.
#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/parallel.h"

namespace tapehead {
namespace {

TEST_CASE("dropout keeps a share of 1 - p, scaled, and its backward drops the same elements") {
  for (const DType dtype : {f32, f64, bf16}) {
    for (const double p : {0.1, 0.5, 0.9}) {
      CAPTURE(name(dtype));
      CAPTURE(p);
      Tensor x = ones({100001}, dtype);
      x.set_requires_grad();
      const Tensor y = dropout(x, p);
      sum(y).backward();
      CHECK(x.grad().to_vector<double>() == y.to_vector<double>());
      double kept = 0;
      for (const double v : y.to_vector<double>()) {
        if (v == 0) continue;
        ++kept;
        REQUIRE(v == doctest::Approx(1 / (1 - p)).epsilon(dtype == bf16 ? 0.01 : 1e-6));
      }
      CHECK(std::abs(kept / 100001 - (1 - p)) < 4 * std::sqrt(p * (1 - p) / 100001));
    }
  }
}

TEST_CASE("dropout: p of 0 and evaluation give the tensor back, p of 1 zeros") {
  const Tensor x = randn({100});
  const Generator before = default_generator();
  CHECK(dropout(x, 0).is_same(x));
  CHECK(dropout(x, 0.5, false).is_same(x));
  CHECK(default_generator() == before);
  CHECK(dropout(x, 1).to_vector<float>() == std::vector<float>(100, 0.0f));
}

TEST_CASE("dropout has the same mask on any number of threads and for any strides") {
  const int threads = num_threads();
  const Tensor x = ones({300, 200});
  const auto mask = [&](const Tensor& of, int n) {
    set_num_threads(n);
    Generator generator{3, 4};
    return dropout(of, 0.3, true, generator).to_vector<float>();
  };
  const std::vector<float> one = mask(x, 1);
  CHECK(mask(x, 3) == one);
  CHECK(mask(ones({200, 300}).transpose(0, 1), 2) == one);
  set_num_threads(threads);
}

}  // namespace
}  // namespace tapehead
