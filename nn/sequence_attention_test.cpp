#include "tapehead/nn/sequence_attention.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::sequence_attention_test {

using namespace test;
using nn::Score;

namespace {

constexpr int64_t B = 2, S = 5, M = 4;
constexpr Score kAll[] = {Score::dot,      Score::scaled_dot, Score::general, Score::concat,
                          Score::additive, Score::location,   Score::local_m, Score::local_p};

struct Setting {
  nn::Params params{11};
  nn::SequenceAttention attention;
  Tensor memory = randn({B, S, M}, f64), query = randn({B, M}, f64), lengths = tensor({5, 3});
  explicit Setting(Score score, bool coverage = false)
      : attention(params / "attention", {.score = score,
                                         .query_dim = M,
                                         .memory_dim = M,
                                         .attention_dim = 3,
                                         .window = 1,
                                         .coverage = coverage}) {
    params.to(f64);
  }
};

double dot_of(const Tensor& a, const Tensor& b) { return sum(a * b).item(); }

}  // namespace

TEST_CASE("attention: weights are a distribution over what is not padding") {
  for (const Score score : kAll) {
    CAPTURE(nn::name(score));
    const Setting s(score);
    const auto r = s.attention(s.query, s.attention.prepare(s.memory, s.lengths), 1);
    CHECK(r.context.shape() == Shape{B, M});
    for (int64_t b = 0; b < B; ++b) {
      double total = 0;
      for (int64_t i = 0; i < S; ++i) {
        const double w = r.weights[b][i].item();
        CHECK(w >= 0);
        if (b == 1 && i >= 3) CHECK(w == 0);
        if (score == Score::local_m && std::abs(i - 1) > 1) CHECK(w == 0);
        total += w;
      }
      if (score == Score::local_p) CHECK(total <= 1);
      else CHECK(total == doctest::Approx(1));
      for (int64_t j = 0; j < M; ++j) {
        double expected = 0;
        for (int64_t i = 0; i < S; ++i)
          expected += r.weights[b][i].item() * s.memory[b][i][j].item();
        CHECK(r.context[b][j].item() == doctest::Approx(expected));
      }
    }
  }
}

TEST_CASE("attention: scores are those of the papers") {
  const auto expect = [](Score score, const std::function<double(const nn::Params&, const Tensor& q,
                                                                 const Tensor& m, int64_t i)>& f) {
    CAPTURE(nn::name(score));
    const Setting s(score);
    const auto r = s.attention(s.query, s.attention.prepare(s.memory));
    for (int64_t b = 0; b < B; ++b)
      for (int64_t i = 0; i < S; ++i) {
        const double here = f(s.params, s.query[b], s.memory[b][i], i),
                     first = f(s.params, s.query[b], s.memory[b][0], 0);
        CHECK(std::log(r.weights[b][i].item() / r.weights[b][0].item()) ==
              doctest::Approx(here - first));
      }
  };
  expect(Score::dot,
         [](const nn::Params&, const Tensor& q, const Tensor& m, int64_t) { return dot_of(q, m); });
  expect(Score::scaled_dot, [](const nn::Params&, const Tensor& q, const Tensor& m, int64_t) {
    return dot_of(q, m) / 2;
  });
  expect(Score::general, [](const nn::Params& p, const Tensor& q, const Tensor& m, int64_t) {
    return dot_of(q, matmul(p["attention.memory.weight"], m));
  });
  const auto additive = [](const nn::Params& p, const Tensor& q, const Tensor& m) {
    Tensor inner = matmul(p["attention.query.weight"], q) + matmul(p["attention.memory.weight"], m);
    if (p.contains("attention.bias")) inner = inner + p["attention.bias"];
    return dot_of(p["attention.v"], tanh(inner));
  };
  expect(Score::additive, [&](const nn::Params& p, const Tensor& q, const Tensor& m, int64_t) {
    return additive(p, q, m);
  });
  expect(Score::concat, [&](const nn::Params& p, const Tensor& q, const Tensor& m, int64_t) {
    return additive(p, q, m);
  });
  expect(Score::location, [](const nn::Params& p, const Tensor& q, const Tensor&, int64_t i) {
    return dot_of(p["attention.query.weight"][i], q);
  });
}

TEST_CASE("attention: every score's gradient is right, coverage too") {
  for (const Score score : kAll) {
    CAPTURE(nn::name(score));
    const Setting s(score);
    std::vector<Tensor> inputs{s.query, s.memory};
    for (const nn::Param& p : s.params.all()) inputs.push_back(p.value);
    gradcheck(
        [&](const std::vector<Tensor>& in) {
          return std::vector{s.attention(in[0], s.attention.prepare(in[1], s.lengths), 2).context};
        },
        inputs);
  }
  const Setting s(Score::additive, true);
  // The parameter is initialised to zeros.
  no_grad([&] { return s.params["attention.coverage"].copy_(randn({3}, f64)); });
  std::vector<Tensor> inputs{s.query, rand({B, S}, f64)};
  for (const nn::Param& p : s.params.all()) inputs.push_back(p.value);
  gradcheck(
      [&](const std::vector<Tensor>& in) {
        const auto r = s.attention(in[0], s.attention.prepare(s.memory, s.lengths), 0, in[1]);
        return std::vector{r.context, nn::coverage_loss(r.weights, in[1])};
      },
      inputs);
}

TEST_CASE("attention: none sees the last position only") {
  const Setting s(Score::none);
  const auto r = s.attention(s.query, s.attention.prepare(s.memory, s.lengths));
  CHECK_FALSE(r.weights.defined());
  CHECK(r.context[0].to_vector<double>() == s.memory[0][4].to_vector<double>());
  CHECK(r.context[1].to_vector<double>() == s.memory[1][2].to_vector<double>());
}

TEST_CASE("attention: names and errors") {
  for (const Score score : kAll) CHECK(nn::score_from(nn::name(score)) == score);
  CHECK(message_of<ValueError>([] { nn::score_from("bahdanau"); }) ==
        "score: there is no 'bahdanau'; take one of none, dot, scaled_dot, general, concat, "
        "additive, location, "
        "local_m, local_p");
  const nn::Params params(1);
  CHECK(message_of<ValueError>([&] {
          nn::SequenceAttention(params / "a",
                                {.score = Score::dot, .query_dim = 3, .memory_dim = 4});
        }) ==
        "attention: score dot: query_dim = 3 and memory_dim = 4; they must be equal, or take "
        "general (in a)");
  const Setting s(Score::general);
  CHECK(message_of<ShapeError>([&] {
          s.attention.prepare(ones({2, 3, 9}, f64));
        }) == "attention: the memory is [2, 3, 9]; expected [B, S, 4] (in attention)");
  CHECK(message_of<ShapeError>([&] {
          s.attention(ones({2, 9}, f64), s.attention.prepare(s.memory));
        }) == "attention: the query is [2, 9]; expected [2, 4] (in attention)");
}

}  // namespace tapehead::sequence_attention_test
