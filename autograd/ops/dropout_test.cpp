#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/parallel.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

Tensors dropped(const Tensors& in) {
  Generator generator{1, 2};
  return {dropout(in[0], 0.25, true, generator)};
}

// Takes the mask from the op itself; its distribution is tested in core/random_test.cpp.
Arrays dropped_of_ones(Arrays& in) {
  const std::vector<double> kept = dropped({ones(in[0].shape, f64)})[0].to_vector<double>();
  Array out = in[0];
  for (int64_t i = 0; i < out.numel(); ++i) out[i] *= kept[static_cast<size_t>(i)];
  return {out};
}

}  // namespace

TAPEHEAD_OP_TEST(dropout)
    .sample({{Operand({20, 7})}, dropped, dropped_of_ones})
    .sample({{Operand({3})},
             [](const Tensors& in) { return Tensors{dropout(in[0], 1)}; },
             [](Arrays&) { return Arrays{Array({3})}; }})
    .sample({{Operand({3})},
             [](const Tensors& in) { return Tensors{dropout(in[0], 0.5, false) * 1}; },
             [](Arrays& in) { return in; }})
    .bad<ValueError>([] { dropout(zeros({2}), 1.5); },
                     "dropout: the probability 1.5 is outside 0..1")
    .bad<ValueError>([] { dropout(zeros({2}), -0.5, false); },
                     "dropout: the probability -0.5 is outside 0..1")
    .bad<DTypeError>([] { dropout(zeros({2}, i64), 0.5); },
                     "dropout: [2] i64 is not f32, f64, bf16 or f16; convert with to(f32)");

}  // namespace tapehead::op_tests

// Behaviour that the table does not cover.
namespace tapehead {
namespace {

TEST_CASE("dropout keeps a share of 1 - p, scaled, and its backward drops the same elements") {
  for (const DType dtype : {f32, f64, bf16, f16}) {
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
        REQUIRE(v ==
                doctest::Approx(1 / (1 - p)).epsilon(is_reduced_floating(dtype) ? 0.01 : 1e-6));
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
