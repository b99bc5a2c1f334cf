// Tests attention in f32 and bf16, whose products have kernels of their own, against that in f64.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tapehead/autograd/attention.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead {
namespace {

using testing::difference;

struct Sizes {
  int64_t T, S, D, E;
};

struct Results {
  Tensor out, q, k, v;  // the last three are gradients
};

// Attention on f64 operands that are rounded to `dtype`, and the gradients of all.
Results attend(const std::vector<Tensor>& operands, DType dtype, const AttentionOptions& options,
               const Tensor& gradient) {
  std::vector<Tensor> x;
  x.reserve(operands.size());
  for (const Tensor& t : operands) x.push_back(t.to(dtype).set_requires_grad());
  const Tensor out = scaled_dot_product_attention(x[0], x[1], x[2], options).out;
  const auto gradients = grad({out}, x, {.gradients = {gradient.to(dtype)}});
  const auto wide = [](const Tensor& t) { return t.detach().to(f64); };
  return {wide(out), wide(gradients[0]), wide(gradients[1]), wide(gradients[2])};
}

double largest(const Tensor& t) { return max(abs(t)).item(); }

}  // namespace

TEST_CASE("attention: rows, keys and heads of all sizes, in f32 and bf16") {
  manual_seed(6);
  for (const Sizes& s : {Sizes{8, 8, 4, 4}, Sizes{9, 31, 3, 5}, Sizes{13, 13, 64, 64},
                         Sizes{33, 70, 16, 8}, Sizes{130, 530, 20, 33}, Sizes{257, 257, 8, 8}}) {
    const Tensor seen = rand({s.T, s.S}) < 0.8;
    seen[s.T / 2].fill_(0);  // a row without keys
    for (const AttentionOptions& options :
         {AttentionOptions{}, AttentionOptions{.causal = true}, AttentionOptions{.mask = seen},
          AttentionOptions{.window = {.before = 5, .after = 2}}, AttentionOptions{.scale = 0.3}}) {
      for (const DType dtype : {f32, bf16}) {
        CAPTURE(s.T);
        CAPTURE(s.S);
        CAPTURE(dtype);
        std::vector<Tensor> operands{randn({2, 2, s.T, s.D}), randn({2, 2, s.S, s.D}),
                                     randn({2, 2, s.S, s.E})};
        for (Tensor& t : operands) t = t.to(dtype).to(f64);
        const Tensor gradient = randn({2, 2, s.T, s.E}).to(dtype).to(f64);
        const Results a = attend(operands, dtype, options, gradient);
        const Results b = attend(operands, f64, options, gradient);
        const double tolerance = dtype == f32 ? 3e-6 : 1.5e-2;
        CHECK(difference(a.out, b.out) < tolerance * largest(b.out));
        CHECK(difference(a.q, b.q) < tolerance * largest(b.q));
        CHECK(difference(a.k, b.k) < tolerance * largest(b.k));
        CHECK(difference(a.v, b.v) < tolerance * largest(b.v));
      }
    }
  }
}

// Tiles have 256 keys. Rows are as many as products with kernels need.
TEST_CASE("attention: infinities and NaN among scores in f32 and bf16") {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  manual_seed(7);
  constexpr int64_t T = 21, S = 300;
  const Tensor q = randn({1, 1, T, 4}), k = randn({1, 1, S, 4}), v = randn({1, 1, S, 4});
  const Tensor bias = zeros({T, S});
  bias[0].slice(0, {0, 256}).fill_(-kInf);
  bias[1].slice(0, {256, S}).fill_(-kInf);
  bias[2].fill_(-kInf);
  bias[3][290].fill_(std::nan(""));
  bias[4][7].fill_(kInf);
  bias[5].fill_(-1000);
  for (const DType dtype : {f32, bf16}) {
    const std::vector<Tensor> x{q.to(dtype), k.to(dtype), v.to(dtype)};
    const Tensor out = scaled_dot_product_attention(x[0], x[1], x[2], {.bias = bias.to(dtype)}).out;
    const Tensor rows = out[0][0].to(f64);
    CHECK(all(rows[2] == 0).item() == 1);
    for (const int64_t row : {3, 4}) CHECK(all(isnan(rows[row])).item() == 1);
    const Tensor scores =
        matmul(x[0].to(f64), x[1].to(f64).transpose(2, 3))[0][0] / 2.0 + bias.to(f64);
    for (const int64_t row : {0, 1, 5, 20})
      CHECK(difference(rows[row], matmul(softmax(scores[row], 0), x[2].to(f64)[0][0])) <
            (dtype == f32 ? 1e-4 : 2e-2));
  }
}

}  // namespace tapehead
