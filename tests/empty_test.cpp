// Sizes of 0: every op, layer and loss takes them where a size of 0 has a meaning, forward,
// backward and in second derivatives.
#include <doctest/doctest.h>

#include <deque>

#include "tapehead/autograd/attention.h"
#include "tapehead/autograd/engine.h"
#include "tapehead/autograd/entity_memory.h"
#include "tapehead/autograd/linear_attention.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/autograd/rotary.h"
#include "tapehead/core/creation.h"

using namespace tapehead;

namespace {

using Tensors = std::vector<Tensor>;

struct Empty {
  const char* name;
  std::vector<Shape> shapes;  // of the operands, all tracked
  std::function<Tensors(const Tensors&)> call;
};

// Results, gradients both ways and second derivatives: that they can be computed, and their shapes.
void check(const Empty& row, DType dtype) {
  INFO(std::string(row.name));
  for (const Shape& shape : row.shapes) INFO(shape.str());
  manual_seed(1);
  Tensors x;
  for (const Shape& shape : row.shapes) x.push_back(randn(shape).to(dtype).set_requires_grad());
  Tensor loss = zeros({});
  for (const Tensor& y : row.call(x))
    if (is_floating(y.dtype())) loss = loss + sum(square(y));
  REQUIRE(loss.requires_grad());
  for (const bool record : {false, true}) {
    const Tensors grads =
        grad({loss}, x, {.retain_graph = true, .create_graph = record, .allow_unused = true});
    Tensor norm = zeros({});
    for (size_t i = 0; i < x.size(); ++i) {
      if (!grads[i].defined()) continue;
      CHECK(grads[i].shape() == x[i].shape());
      if (grads[i].requires_grad()) norm = norm + sum(square(grads[i]));
    }
    if (norm.requires_grad())
      for (const Tensor& g : grad({norm}, x, {.retain_graph = true, .allow_unused = true}))
        if (g.defined()) CHECK(g.dtype() == dtype);
  }
}

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
    [](const Tensor& a, const Tensor& b) { return bce_with_logits(a, b); },
    [](const Tensor& a, const Tensor& b) { return kl_div(a, b); },
    [](const Tensor& a, const Tensor& b) {
      return cat({a, b}, 0);
    },
    [](const Tensor& a, const Tensor& b) {
      return stack({a, b}, 1);
    }};

std::vector<Empty> elementwise() {
  std::vector<Empty> out;
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

std::vector<Empty> products() {
  std::vector<Empty> out;
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
  for (const auto& [B, S, A] : {std::array<int64_t, 3>{0, 3, 4}, {2, 0, 4}, {2, 3, 0}})
    out.push_back({"additive_scores", {{B, S, A}, {B, A}, {A}}, [](const Tensors& x) {
                     return Tensors{additive_scores(x[0], x[1], x[2])};
                   }});
  return out;
}

std::vector<Empty> chosen() {
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
      {"rope", {{0, 2, 3, 4}}, [](const Tensors& x) { return Tensors{Rope({.width = 4})(x[0])}; }},
      {"rope of no positions",
       {{1, 2, 0, 4}},
       [](const Tensors& x) { return Tensors{Rope({.width = 4})(x[0])}; }},
  };
}

std::vector<Empty> class_losses() {
  std::vector<Empty> out;
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

struct AttentionSizes {
  int64_t B = 2, H = 2, T = 3, S = 3, D = 4, E = 4;
  std::vector<Shape> shapes() const { return {{B, H, T, D}, {B, H, S, D}, {B, H, S, E}}; }
};
constexpr AttentionSizes kSizes[] = {{.B = 0}, {.T = 0}, {.T = 0, .S = 0},
                                     {.S = 0}, {.D = 0}, {.E = 0}};

std::vector<Empty> attentions() {
  std::vector<Empty> out;
  for (const AttentionSizes& n : kSizes) {
    const auto with = [&](const char* name, const AttentionOptions& o) {
      out.push_back({name, n.shapes(), [o](const Tensors& x) {
                       return Tensors{scaled_dot_product_attention(x[0], x[1], x[2], o).out};
                     }});
    };
    const Shape scores{n.B, n.H, n.T, n.S};
    with("attention", {});
    with("attention, causal", {.causal = true, .window = {.before = 1}});
    with("attention with lengths", {.lengths = full({n.B}, n.S / 2, i64)});
    with("attention with a mask and a bias",
         {.mask = full(scores, true, boolean), .bias = zeros(scores)});
    with("attention with dropout and sinks", {.dropout = 0.5, .softcap = 2, .sinks = zeros({n.H})});
    with("attention with tables",
         {.distance_bias = zeros({n.H, 3}),
          .relative = {.keys = zeros({3, n.D}), .values = zeros({3, n.E})}});
    with("attention with a score function",
         {.score = [](const Tensor& s, const ScoresAt&) { return s * 2; }});
    with("attention with its weights", {.weights_of = WeightsOf{}});
    for (const bool causal : {false, true}) {
      if (causal && n.T > n.S) continue;
      out.push_back({"linear_attention", n.shapes(), [causal](const Tensors& x) {
                       return Tensors{linear_attention(x[0], x[1], x[2], {.causal = causal})};
                     }});
      out.push_back({"linear_attention with lengths", n.shapes(), [causal](const Tensors& x) {
                       const Tensor lengths = full({x[1].size(0)}, x[1].size(2) / 2, i64);
                       return Tensors{linear_attention(x[0], x[1], x[2],
                                                       {.causal = causal, .lengths = lengths})};
                     }});
    }
  }
  return out;
}

std::vector<Empty> sequences() {
  std::vector<Empty> out;
  for (const auto& [B, T, C] : {std::array<int64_t, 3>{0, 3, 2}, {2, 0, 2}, {2, 3, 0}, {0, 0, 0}}) {
    for (const RnnCell cell : {RnnCell::tanh, RnnCell::relu, RnnCell::lstm, RnnCell::gru})
      for (const bool padded : {false, true}) {
        const int64_t wide = 3 * (cell == RnnCell::lstm ? 4 : cell == RnnCell::gru ? 3 : 1);
        const Tensor lengths = padded ? full({B}, T / 2, i64) : Tensor();
        out.push_back({"recurrent",
                       {{B, T, C}, {wide, C}, {wide, 3}, {wide}, {wide}, {B, 3}, {B, 3}},
                       [=](const Tensors& x) {
                         const RnnResult r = recurrent(cell, x[0], {x[1], x[2], x[3], x[4]}, x[5],
                                                       cell == RnnCell::lstm ? x[6] : Tensor(),
                                                       {.lengths = lengths});
                         return r.c.defined() ? Tensors{r.out, r.h, r.c} : Tensors{r.out, r.h};
                       }});
      }
    out.push_back(
        {"entity_memory", {{B, T, C}, {2, C}, {C, C}, {C, C}, {C, C}}, [](const Tensors& x) {
           const EntityMemory m = entity_memory(x[0], {x[1], x[2], x[3], x[4], {}});
           return Tensors{m.memory, m.gates};
         }});
  }
  return out;
}

}  // namespace

TEST_CASE("sizes of 0: elementwise ops, views and reductions") {
  for (const Empty& row : elementwise())
    for (const DType dtype : {f32, bf16}) check(row, dtype);
}
TEST_CASE("sizes of 0: products") {
  for (const Empty& row : products())
    for (const DType dtype : {f32, f64, bf16}) check(row, dtype);
}
TEST_CASE("sizes of 0: elements chosen by integers, and norms") {
  for (const Empty& row : chosen()) check(row, f32);
}
TEST_CASE("sizes of 0: losses over classes") {
  for (const Empty& row : class_losses()) check(row, f32);
}
TEST_CASE("sizes of 0: attention") {
  for (const Empty& row : attentions()) check(row, f32);
}
TEST_CASE("sizes of 0: recurrent networks and memories") {
  for (const Empty& row : sequences()) check(row, f32);
}
