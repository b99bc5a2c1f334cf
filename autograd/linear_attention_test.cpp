// Linear attention against its definition.
#include "tapehead/autograd/linear_attention.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/allocator.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::linear_attention_test {

using testing::difference;
using testing::error_of;

namespace {

// Computes the weight of every pair.
Tensor reference(const Tensor& q, const Tensor& k, const Tensor& v,
                 const LinearAttentionOptions& o) {
  const int64_t B = q.size(0), H = q.size(1), T = q.size(2), S = k.size(2), E = v.size(3);
  const auto features = [&](const Tensor& x) {
    const Tensor wide = x.to(f64);
    return o.feature ? o.feature(wide) : where(wide > 0, wide + 1, exp(wide));
  };
  const Tensor fq = features(q).contiguous(), fk = features(k).contiguous();
  const Tensor values = v.to(f64).contiguous(), out = zeros({B, H, T, E}, f64);
  const int64_t F = fq.size(3);
  for (int64_t b = 0; b < B; ++b)
    for (int64_t h = 0; h < H; ++h)
      for (int64_t i = 0; i < T; ++i) {
        const int64_t keys = (b * k.size(1) + h / (H / k.size(1))) * S, query = (b * H + h) * T + i;
        const int64_t length = o.lengths.defined() ? o.lengths[b].item<int64_t>() : S;
        const int64_t end = o.causal ? std::min(length, S - T + i + 1) : length;
        double* sums = out.data<double>() + query * E;
        double total = 0;
        for (int64_t j = keys; j < keys + end; ++j) {
          double weight = 0;
          for (int64_t f = 0; f < F; ++f)
            weight += fq.data<double>()[query * F + f] * fk.data<double>()[j * F + f];
          total += weight;
          for (int64_t e = 0; e < E; ++e) sums[e] += weight * values.data<double>()[j * E + e];
        }
        for (int64_t e = 0; e < E && total != 0; ++e) sums[e] /= total;
      }
  return out;
}

struct Sizes {
  int64_t B, H, shared, T, S, D, E;
};
struct Operands {
  Tensor q, k, v;
  explicit Operands(const Sizes& n, DType dtype = f64)
      : q(randn({n.B, n.H, n.T, n.D}, dtype)),
        k(randn({n.B, n.shared, n.S, n.D}, dtype)),
        v(randn({n.B, n.shared, n.S, n.E}, dtype)) {}
};

Tensor squares(const Tensor& x) { return cat({square(x), exp(x.slice(3, 0, 1))}, 3); }

}  // namespace

TEST_CASE("linear attention is its formula, in pieces and whole") {
  manual_seed(1);
  const Sizes sizes[] = {{1, 1, 1, 1, 1, 1, 1},   {2, 4, 2, 5, 5, 3, 2},   {1, 2, 1, 64, 64, 2, 3},
                         {1, 1, 1, 65, 65, 2, 2}, {1, 1, 1, 3, 131, 2, 2}, {2, 2, 2, 70, 129, 3, 2},
                         {1, 2, 2, 9, 4, 2, 2},   {2, 2, 1, 0, 3, 2, 2}};
  for (const Sizes& n : sizes)
    for (const bool causal : {false, true})
      for (const bool varied : {false, true})
        for (const FeatureMap& feature : {FeatureMap(), FeatureMap(squares)}) {
          if (causal && n.T > n.S) continue;
          CAPTURE(n.T);
          CAPTURE(n.S);
          CAPTURE(causal);
          CAPTURE(varied);
          const Operands x(n);
          LinearAttentionOptions o{.causal = causal, .feature = feature};
          if (varied) o.lengths = arange(n.B) * (n.S / 2);  // the first sequence is empty
          CHECK(difference(linear_attention(x.q, x.k, x.v, o), reference(x.q, x.k, x.v, o)) <
                1e-12);
        }
}

TEST_CASE("linear attention in f32 and bf16") {
  for (const auto& [dtype, limit] : {std::pair{f32, 2e-5}, std::pair{bf16, 2e-2}}) {
    const Operands x({1, 2, 1, 140, 140, 8, 4}, dtype);
    for (const bool causal : {false, true}) {
      const Tensor out = linear_attention(x.q, x.k, x.v, {.causal = causal});
      CHECK(out.dtype() == dtype);
      CHECK(difference(out, reference(x.q, x.k, x.v, {.causal = causal})) < limit);
    }
  }
}

TEST_CASE("linear attention has the first and second derivatives of its formula") {
  manual_seed(2);
  for (const bool causal : {false, true})
    for (const FeatureMap& feature : {FeatureMap(), FeatureMap(squares)}) {
      CAPTURE(causal);
      const LinearAttentionOptions o{
          .causal = causal, .lengths = tensor({3, 2, 0}), .feature = feature};
      const auto f = [&](const Tensor& q, const Tensor& k, const Tensor& v) {
        return linear_attention(q, k, v, o);
      };
      const Operands x({3, 2, 1, 3, 3, 2, 2});
      gradcheck(f, {x.q, x.k, x.v});
      gradgradcheck(f, {x.q, x.k, x.v}, {.directions = 4});
    }
  // Several blocks.
  const Operands x({1, 1, 1, 67, 130, 2, 1});
  const auto f = [](const Tensor& q, const Tensor& k, const Tensor& v) {
    return linear_attention(q, k, v, {.causal = true});
  };
  gradcheck(f, {x.q, x.k, x.v}, {.directions = 3});
  gradgradcheck(f, {x.q, x.k, x.v}, {.directions = 2});
}

TEST_CASE("padding may hold anything") {
  const Operands x({1, 1, 1, 2, 3, 2, 2});
  const Tensor nan = full({1, 1, 1, 2}, std::nan(""), f64);
  const auto padded = [&](const Tensor& t) { return cat({t, nan}, 2); };
  const Tensor k = padded(x.k), v = padded(x.v);
  const Tensor out = linear_attention(x.q, k, v, {.lengths = tensor({3})});
  CHECK(difference(out, linear_attention(x.q, x.k, x.v)) < 1e-14);
}

TEST_CASE("linear attention's memory grows with the length") {
  const auto peak = [](int64_t T) {
    Operands x({1, 2, 2, T, T, 16, 16}, f32);
    for (Tensor* t : {&x.q, &x.k, &x.v}) t->set_requires_grad();
    const auto before = memory_stats().live_bytes;
    reset_peak_memory();
    sum(linear_attention(x.q, x.k, x.v, {.causal = true})).backward();
    return static_cast<double>(memory_stats().peak_bytes - before);
  };
  CHECK(peak(4096) / peak(1024) < 4.4);
}

TEST_CASE("errors of linear attention") {
  const Tensor q = zeros({2, 4, 3, 5}), k = zeros({2, 2, 6, 5}), v = zeros({2, 2, 6, 7});
  CHECK(error_of<ShapeError>([&] {
          linear_attention(q, k, zeros({2, 2, 5, 7}));
        }) ==
        "linear_attention: q is [2, 4, 3, 5], k is [2, 2, 6, 5], v is [2, 2, 5, 7]; expected q [B, "
        "H, T, D], k [B, H', S, D], v [B, H', S, E]");
  CHECK(error_of<ShapeError>([&] { linear_attention(q.slice(1, 0, 3), k, v); }) ==
        "linear_attention: q has 3 heads, k and v have 2; the first number must be a multiple of "
        "the second");
  CHECK(error_of<ShapeError>([&] {
          linear_attention(zeros({2, 4, 7, 5}), k, v, {.causal = true});
        }) ==
        "linear_attention: 7 queries of 6 keys; causal attention needs at least as many keys as "
        "queries");
  CHECK(error_of<DTypeError>([&] { linear_attention(q.to(i64), k, v); }) ==
        "linear_attention: expected a floating tensor, got " + q.shape().str() +
            " i64; convert with to(f32)");
  CHECK(error_of<ShapeError>([&] {
          linear_attention(q, k, v, {.feature = [](const Tensor& x) { return sum(x, {2}); }});
        }) ==
        "linear_attention: the features of q [2, 4, 3, 5] are [2, 4, 5]; a feature map may change "
        "the last axis only");
  CHECK(error_of<ShapeError>([&] {
          linear_attention(q, k, v, {.feature = [](const Tensor& x) {
                             return x.size(2) == 3 ? x : x.slice(3, 0, 2);
                           }});
        }) == "linear_attention: 5 features of q, but 2 of k; the numbers must be equal");
  CHECK(error_of<IndexError>([&] {
          linear_attention(q, k, v, {.lengths = tensor({6, 7})});
        }) == "linear_attention: lengths[1] = 7 is outside 0..6");
  CHECK(error_of<ShapeError>([&] { linear_attention(q, k, v, {.lengths = tensor({6})}); }) ==
        "linear_attention: lengths are [1]; expected [2], one for each sequence");
  CHECK(error_of<DTypeError>([&] {
          linear_attention(q, k, v, {.lengths = tensor({6.0, 1.0})});
        }) == "linear_attention: lengths are f32; they must be integers; convert with to(i64)");
}

}  // namespace tapehead::linear_attention_test
