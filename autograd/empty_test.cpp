// Every op, layer and loss accepts sizes of 0 where they make sense: in forward, backward and
// second derivatives.
#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/rotary.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/empty_check.h"

namespace tapehead::empty_test {

using namespace testing;

namespace {

using Tensors = std::vector<Tensor>;

using Unary = Tensor (*)(const Tensor&);
constexpr Unary kUnary[] = {[](const Tensor& x) { return -x; },
                            floor,
                            round,
                            square,
                            sqrt,
                            rsqrt,
                            reciprocal,
                            exp,
                            expm1,
                            log,
                            log1p,
                            sin,
                            cos,
                            erf,
                            abs,
                            relu,
                            [](const Tensor& x) { return leaky_relu(x); },
                            [](const Tensor& x) { return elu(x); },
                            [](const Tensor& x) { return hardtanh(x); },
                            softsign,
                            tanh,
                            sigmoid,
                            log_sigmoid,
                            [](const Tensor& x) { return softplus(x); },
                            silu,
                            gelu,
                            gelu_tanh,
                            [](const Tensor& x) { return clamp(x, -1, 1); },
                            [](const Tensor& x) { return dropout(x, 0.5); },
                            [](const Tensor& x) { return x.reshape({-1}); },
                            [](const Tensor& x) { return x.flatten(); },
                            [](const Tensor& x) { return x.transpose(0, 1); },
                            [](const Tensor& x) { return x.unsqueeze(1); },
                            [](const Tensor& x) { return x.slice(1, 0, x.size(1) / 2); },
                            [](const Tensor& x) { return flip(x, 0); },
                            [](const Tensor& x) { return roll(x, 1, 0); },
                            [](const Tensor& x) {
                              return pad(x, {1, 1});
                            },
                            [](const Tensor& x) { return tril(x); },
                            [](const Tensor& x) {
                              return repeat(x, {2, 3});
                            },
                            [](const Tensor& x) { return diagonal(x); },
                            [](const Tensor& x) { return masked_fill(x, x > 0, 1); },
                            [](const Tensor& x) { return masked_select(x, x > 0); },
                            [](const Tensor& x) { return where(x > 0, x, 2 * x); },
                            [](const Tensor& x) { return cumsum(x, 0); },
                            [](const Tensor& x) { return cumsum(x, 1); },
                            [](const Tensor& x) { return softmax(x, 0); },
                            [](const Tensor& x) { return softmax(x, 1); },
                            [](const Tensor& x) { return log_softmax(x, 0); },
                            [](const Tensor& x) { return log_softmax(x, 1); },
                            [](const Tensor& x) { return layer_norm(x); },
                            [](const Tensor& x) { return rms_norm(x); },
                            [](const Tensor& x) { return sum(x, 0); },
                            [](const Tensor& x) { return sum(x, 1); },
                            [](const Tensor& x) { return sum(x); },
                            [](const Tensor& x) { return mean(x); },
                            [](const Tensor& x) { return mean(x, 1); },
                            [](const Tensor& x) { return prod(x, 0); },
                            [](const Tensor& x) { return prod(x, 1); },
                            [](const Tensor& x) { return prod(x); },
                            [](const Tensor& x) { return var(x, 0); },
                            [](const Tensor& x) { return var(x, 1); },
                            [](const Tensor& x) { return stddev(x, 0); },
                            [](const Tensor& x) { return stddev(x, 1); },
                            [](const Tensor& x) { return norm(x, 2, 0); },
                            [](const Tensor& x) { return norm(x, 2, 1); },
                            [](const Tensor& x) { return norm(x, 1); },
                            [](const Tensor& x) { return logsumexp(x, 0); },
                            [](const Tensor& x) { return logsumexp(x, 1); },
                            [](const Tensor& x) { return logsumexp(x); },
                            [](const Tensor& x) { return x.to(f64); },
                            [](const Tensor& x) { return x.clone(); },
                            [](const Tensor& x) {
                              return sum_to(x, {1, x.size(1)});
                            },
                            [](const Tensor& x) { return cat(split(x, 1, 0), 0); }};

using Binary = Tensor (*)(const Tensor&, const Tensor&);
constexpr Binary kBinary[] = {
    add,
    sub,
    mul,
    div,
    remainder,
    pow,
    maximum,
    minimum,
    matmul,
    [](const Tensor& a, const Tensor& b) { return lerp(a, b, 0.5); },
    [](const Tensor& a, const Tensor& b) { return where(a > b, a, b); },
    [](const Tensor& a, const Tensor& b) { return mse_loss(a, b); },
    [](const Tensor& a, const Tensor& b) { return l1_loss(a, b, Reduction::none); },
    [](const Tensor& a, const Tensor& b) {
      return smooth_l1_loss(a, b, {.reduction = Reduction::sum});
    },
    [](const Tensor& a, const Tensor& b) { return huber_loss(a, b); },
    [](const Tensor& a, const Tensor& b) { return binary_cross_entropy_with_logits(a, b); },
    [](const Tensor& a, const Tensor& b) { return kl_div(a, b); },
    [](const Tensor& a, const Tensor& b) {
      return cat({a, b}, 0);
    },
    [](const Tensor& a, const Tensor& b) {
      return stack({a, b}, 1);
    }};

std::vector<EmptyCall> elementwise() {
  std::vector<EmptyCall> out;
  for (const Unary f : kUnary)
    for (const Shape& shape : {Shape{0, 3}, Shape{3, 0}, Shape{0, 0}}) {
      out.push_back({"unary", {shape}, [f](const Tensors& x) { return Tensors{f(x[0])}; }});
    }
  for (const Binary f : kBinary)
    out.push_back(
        {"binary", {{0, 0}, {0, 0}}, [f](const Tensors& x) { return Tensors{f(x[0], x[1])}; }});
  for (const auto& [a, b] : {std::pair<Shape, Shape>{{0, 3}, {3}}, {{0, 1}, {1, 3}}, {{2, 0}, {}}})
    for (const Binary f : {Binary(add), Binary(mul), Binary(div), Binary(maximum), Binary(pow)})
      out.push_back(
          {"broadcast", {a, b}, [f](const Tensors& x) { return Tensors{f(x[0], x[1])}; }});
  return out;
}

std::vector<EmptyCall> products() {
  std::vector<EmptyCall> out;
  for (const auto& [a, b] : std::vector<std::pair<Shape, Shape>>{{{0, 3}, {3, 4}},
                                                                 {{2, 0}, {0, 4}},
                                                                 {{2, 3}, {3, 0}},
                                                                 {{0, 2, 3}, {3, 4}},
                                                                 {{0, 2, 3}, {0, 3, 4}},
                                                                 {{5, 2, 0}, {0, 4}},
                                                                 {{0}, {0}},
                                                                 {{3}, {3, 0}},
                                                                 {{0, 3}, {3}}})
    out.push_back({"matmul", {a, b}, [](const Tensors& x) { return Tensors{matmul(x[0], x[1])}; }});
  for (const auto& [x, w] : std::vector<std::pair<Shape, Shape>>{
           {{0, 3}, {4, 3}}, {{2, 0}, {3, 0}}, {{2, 3}, {0, 3}}, {{2, 0, 3}, {4, 3}}}) {
    out.push_back({"linear", {x, w}, [](const Tensors& t) { return Tensors{linear(t[0], t[1])}; }});
    out.push_back({"linear with a bias", {x, w, {w[0]}}, [](const Tensors& t) {
                     return Tensors{linear(t[0], t[1], t[2])};
                   }});
  }
  return out;
}

std::vector<EmptyCall> chosen() {
  const Tensor none = zeros({0}, i64);
  return {
      {"embedding of no ids",
       {{5, 3}},
       [=](const Tensors& x) { return Tensors{embedding(x[0], none)}; }},
      {"embedding of no width",
       {{5, 0}},
       [](const Tensors& x) {
         return Tensors{embedding(x[0], tensor({1, 2}))};
       }},
      {"embedding of nothing",
       {{0, 3}},
       [=](const Tensors& x) { return Tensors{embedding(x[0], none)}; }},
      {"embedding_bag without bags",
       {{5, 3}, {4, 3}},
       [](const Tensors& x) {
         return Tensors{embedding_bag(x[0], zeros({0, 4}, i64), x[1])};
       }},
      {"embedding_bag of empty bags",
       {{5, 3}, {0, 3}},
       [](const Tensors& x) {
         return Tensors{embedding_bag(x[0], zeros({2, 0}, i64), x[1])};
       }},
      {"embedding_bag of no width",
       {{5, 0}, {2, 0}},
       [](const Tensors& x) {
         return Tensors{embedding_bag(x[0], tensor({{1, 2}}), x[1])};
       }},
      {"index_select of nothing",
       {{5, 3}},
       [=](const Tensors& x) { return Tensors{index_select(x[0], 0, none)}; }},
      {"index_select of no width",
       {{5, 0}},
       [](const Tensors& x) { return Tensors{index_select(x[0], 0, tensor({1}))}; }},
      {"index_add of nothing",
       {{5, 3}, {0, 3}},
       [=](const Tensors& x) { return Tensors{index_add(x[0], 0, none, x[1])}; }},
      {"gather of nothing",
       {{5, 3}},
       [](const Tensors& x) {
         return Tensors{gather(x[0], 0, zeros({0, 3}, i64))};
       }},
      {"scatter_add of nothing",
       {{5, 3}, {0, 3}},
       [](const Tensors& x) {
         return Tensors{scatter_add(x[0], 0, zeros({0, 3}, i64), x[1])};
       }},
      {"take_along_dim of nothing",
       {{5, 0}},
       [](const Tensors& x) {
         return Tensors{take_along_dim(x[0], zeros({2, 0}, i64), 0)};
       }},
      {"amax along another axis",
       {{0, 3}},
       [](const Tensors& x) { return Tensors{amax(x[0], 1)}; }},
      {"max along another axis",
       {{0, 3}},
       [](const Tensors& x) { return Tensors{max(x[0], 1).values}; }},
      {"sort",
       {{0, 3}},
       [](const Tensors& x) {
         return Tensors{sort(x[0], 1).values, sort(x[0], 0).values};
       }},
      {"topk", {{0, 3}}, [](const Tensors& x) { return Tensors{topk(x[0], 2, 1).values}; }},
      {"topk of none", {{2, 3}}, [](const Tensors& x) { return Tensors{topk(x[0], 0, 1).values}; }},
      {"chunk", {{4, 0}}, [](const Tensors& x) { return Tensors{chunk(x[0], 2, 0)}; }},
      {"unbind", {{2, 0}}, [](const Tensors& x) { return unbind(x[0], 0); }},
      {"layer_norm with a weight",
       {{0, 3}, {3}, {3}},
       [](const Tensors& x) { return Tensors{layer_norm(x[0], x[1], x[2])}; }},
      {"layer_norm of no width",
       {{2, 0}, {0}, {0}},
       [](const Tensors& x) { return Tensors{layer_norm(x[0], x[1], x[2])}; }},
      {"rms_norm with a weight",
       {{0, 3}, {3}},
       [](const Tensors& x) { return Tensors{rms_norm(x[0], x[1])}; }},
      {"rms_norm of no width",
       {{2, 0}, {0}},
       [](const Tensors& x) { return Tensors{rms_norm(x[0], x[1])}; }},
      {"rope", {{0, 2, 3, 4}}, [](const Tensors& x) { return Tensors{Rope({.dim = 4})(x[0])}; }},
      {"rope of no positions",
       {{1, 2, 0, 4}},
       [](const Tensors& x) { return Tensors{Rope({.dim = 4})(x[0])}; }},
  };
}

std::vector<EmptyCall> class_losses() {
  std::vector<EmptyCall> out;
  for (const Reduction r : {Reduction::mean, Reduction::sum, Reduction::none}) {
    out.push_back({"cross_entropy", {{0, 3}}, [r](const Tensors& x) {
                     return Tensors{cross_entropy(x[0], zeros({0}, i64), {.reduction = r})};
                   }});
    out.push_back({"cross_entropy, smoothed", {{2, 0, 3}}, [r](const Tensors& x) {
                     return Tensors{cross_entropy(x[0], zeros({2, 0}, i64),
                                                  {.label_smoothing = 0.1, .reduction = r})};
                   }});
    out.push_back({"cross_entropy of probabilities", {{0, 3}, {0, 3}}, [r](const Tensors& x) {
                     return Tensors{cross_entropy(x[0], x[1], {.reduction = r})};
                   }});
    out.push_back({"nll_loss", {{0, 3}}, [r](const Tensors& x) {
                     return Tensors{nll_loss(x[0], zeros({0}, i64), {.reduction = r})};
                   }});
  }
  return out;
}

}  // namespace

TEST_CASE("sizes of 0: elementwise ops, views and reductions") {
  for (const EmptyCall& row : elementwise())
    for (const DType dtype : {f32, bf16}) check(row, dtype);
}
TEST_CASE("sizes of 0: products") {
  for (const EmptyCall& row : products())
    for (const DType dtype : {f32, f64, bf16}) check(row, dtype);
}
TEST_CASE("sizes of 0: elements chosen by integers, and norms") {
  for (const EmptyCall& row : chosen()) check(row, f32);
}
TEST_CASE("sizes of 0: losses over classes") {
  for (const EmptyCall& row : class_losses()) check(row, f32);
}

}  // namespace tapehead::empty_test
