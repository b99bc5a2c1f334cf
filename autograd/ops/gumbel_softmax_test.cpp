#include <doctest/doctest.h>

#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/distributions.h"
#include "tapehead/tests/op_test.h"

namespace tapehead::op_tests {
namespace {

Tensor relaxed(const Tensor& x, bool hard, int64_t axis = -1) {
  Generator g{3, 1};
  return gumbel_softmax(x, 0.5, hard, axis, g);
}

// softmax((x + g) / tau) along the last axis, with the same noise.
Arrays softmax_with_noise(Arrays& in) {
  Generator g{3, 1};
  const std::vector<double> noise = gumbel(0, 1, in[0].shape, f32, g).to_vector<double>();
  Array out = in[0];
  const int64_t n = out.shape[1];
  for (int64_t row = 0; row < out.shape[0]; ++row) {
    double sum = 0;
    for (int64_t i = row * n; i < (row + 1) * n; ++i)
      sum += out[i] = std::exp((in[0][i] + noise[static_cast<size_t>(i)]) / 0.5);
    for (int64_t i = row * n; i < (row + 1) * n; ++i) out[i] /= sum;
  }
  return {out};
}

}  // namespace

TAPEHEAD_OP_TEST(gumbel_softmax)
    .sample({.operands = {Shape{4, 7}},
             .call = [](const Tensors& x) { return Tensors{relaxed(x[0], false)}; },
             .reference = softmax_with_noise,
             .reduces = 7})
    .sample({.operands = {Shape{5, 3}},
             .call = [](const Tensors& x) { return Tensors{relaxed(x[0], false, 0)}; },
             .reduces = 5})
    .bad<ValueError>([] { gumbel_softmax(core::full({2}, 1), 0); },
                     "gumbel_softmax: tau is 0; it must be positive")
    .bad<IndexError>([] { gumbel_softmax(core::full({2}, 1), 1, true, 1); },
                     "gumbel_softmax: axis 1 is outside -1..0 of a tensor with 1 dimension");

TEST_CASE("hard samples are one-hot, with the gradients of soft ones") {
  for (const DType dtype : {f32, f64, bf16}) {
    Tensor x = randn({6, 5}, dtype), w = randn({6, 5}, dtype);
    x.set_requires_grad();
    const Tensor soft = relaxed(x, false, 1), hard = relaxed(x, true, 1);
    CHECK(hard.to_vector<double>() == one_hot(argmax(soft, 1), 5).to_vector<double>());
    CHECK(grad({sum(hard * w)}, {x})[0].to_vector<double>() ==
          grad({sum(soft * w)}, {x})[0].to_vector<double>());
    CHECK(!no_grad([&] { return relaxed(x, true); }).requires_grad());
  }
}

TEST_CASE("elements are drawn anew in place, in any layout") {
  const auto fills = {
      +[](const Tensor& x, Generator& g) { x.uniform_(2, 3, g); },
      +[](const Tensor& x, Generator& g) { x.normal_(1, 0.5, g); },
      +[](const Tensor& x, Generator& g) { x.exponential_(2, g); },
      +[](const Tensor& x, Generator& g) { x.random_(5, 90, g); },
      +[](const Tensor& x, Generator& g) { x.bernoulli_(0.5, g); },
      +[](const Tensor& x, Generator& g) { x.bernoulli_(core::full({3}, 0.5), g); },
  };
  for (const auto& fill : fills) {
    Generator a{1, 1}, b{1, 1};
    const Tensor plain = zeros({4, 3}), base = zeros({6, 8});
    fill(plain, a);
    const Tensor view = base.transpose(0, 1).slice(0, 0, 8, 2).slice(1, 1, 4);
    const uint32_t version = base.version();
    fill(view, b);
    CHECK(view.to_vector<float>() == plain.to_vector<float>());
    CHECK(base.version() > version);
    CHECK(sum(base.select(0, 0)).item() == 0);
    CHECK(a.draws == 2);

    Tensor leaf = ones({4, 3});
    leaf.set_requires_grad();
    const Tensor y = leaf * 2;
    fill(y.select(0, 1), a);
    sum(y).backward();
    CHECK(sum(leaf.grad(), 1).to_vector<float>() == std::vector<float>{6, 0, 6, 6});
    CHECK_THROWS_AS(fill(leaf, a), GraphError);
    CHECK_THROWS_AS(fill(core::full({1, 3}, 1).expand({2, 3}), a), GraphError);
  }
  const Tensor flags = zeros({100}, boolean);
  flags.bernoulli_(1);
  CHECK(all(flags).item() == 1);
  CHECK_THROWS_WITH_AS(zeros({2}, i64).normal_(),
                       "normal: i64 is not supported; use f32, f64, bf16 or f16", DTypeError);
}

}  // namespace tapehead::op_tests
