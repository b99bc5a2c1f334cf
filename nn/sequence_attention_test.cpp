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

TEST_CASE("attention: filters of the last weights, sharpening and smoothing are Chorowski's") {
  nn::Params params(4);
  const nn::SequenceAttention attention(params / "a", {.query_dim = M,
                                                       .memory_dim = M,
                                                       .attention_dim = 3,
                                                       .conv_filters = 2,
                                                       .conv_kernel_size = 3,
                                                       .sharpening = 1.7,
                                                       .smoothing = true});
  params.to(f64);
  const Tensor rows = randn({B, S, M}, f64), q = randn({B, M}, f64), lengths = tensor({5, 3});
  const Tensor previous = masked_fill(rand({B, S}, f64), padding_mask(lengths, S), 0);
  const Tensor w = attention.weights(q, attention.prepare(rows, lengths), 0, {}, previous);
  const Tensor &filters = params["a.conv.weight"], &mix = params["a.location.weight"];
  REQUIRE(filters.shape() == Shape{2, 1, 3});
  for (int64_t b = 0; b < B; ++b) {
    const int64_t length = lengths[b].item<int64_t>();
    std::vector<double> share(static_cast<size_t>(S), 0);
    double total = 0;
    for (int64_t i = 0; i < length; ++i) {
      Tensor inner = matmul(params["a.query.weight"], q[b]) +
                     matmul(params["a.memory.weight"], rows[b][i]) + params["a.bias"];
      for (int64_t k = 0; k < 2; ++k) {
        double feature = 0;
        for (int64_t j = -1; j <= 1; ++j)
          if (i + j >= 0 && i + j < length)
            feature += filters[k][0][j + 1].item() * previous[b][i + j].item();
        inner = inner + mix.select(1, k) * feature;
      }
      total += share[static_cast<size_t>(i)] =
          1 / (1 + std::exp(-1.7 * dot_of(params["a.v"], tanh(inner))));
    }
    for (int64_t i = 0; i < S; ++i)
      CHECK(w[b][i].item() == doctest::Approx(share[static_cast<size_t>(i)] / total));
  }
  std::vector<Tensor> inputs{q, previous};
  for (const nn::Param& p : params.all()) inputs.push_back(p.value);
  gradcheck(
      [&](const std::vector<Tensor>& in) {
        return std::vector{
            attention(in[0], attention.prepare(rows, lengths), 0, {}, in[1]).context};
      },
      inputs);
}

TEST_CASE("attention: the doubly stochastic regulariser asks for one look at each position") {
  const Tensor w = rand({2, 3, 4}, f64), steps = tensor({3, 2}), lengths = tensor({2, 4});
  double expected = 0;
  for (int64_t b = 0; b < 2; ++b)
    for (int64_t s = 0; s < (b == 0 ? 2 : 4); ++s) {
      double seen = 0;
      for (int64_t t = 0; t < (b == 0 ? 3 : 2); ++t) seen += w[b][t][s].item();
      expected += (1 - seen) * (1 - seen) / 2;
    }
  CHECK(nn::doubly_stochastic_loss(w, steps, lengths).item() == doctest::Approx(expected));
  gradcheck([&](const Tensor& x) { return nn::doubly_stochastic_loss(x, steps); }, {w});
  CHECK(nn::doubly_stochastic_loss(full({1, 4, 4}, 0.25)).item() == 0);
  CHECK(message_of<ShapeError>([&] { nn::doubly_stochastic_loss(w[0]); }) ==
        "doubly_stochastic_loss: the weights are [3, 4]; expected [B, T, S]");
  CHECK(message_of<IndexError>([&] {
          nn::doubly_stochastic_loss(w, tensor({3, 4}));
        }) == "doubly_stochastic_loss: lengths[1] = 4 is outside 0..3");
}

TEST_CASE("attention: the guided loss asks for a steady course") {
  const Tensor w = rand({2, 3, 4}, f64), steps = tensor({3, 2}), lengths = tensor({2, 4});
  double expected = 0;
  for (int64_t b = 0; b < 2; ++b) {
    const double T = b == 0 ? 3 : 2, S = b == 0 ? 2 : 4;
    for (int64_t t = 0; t < T; ++t)
      for (int64_t s = 0; s < S; ++s) {
        const double off = (static_cast<double>(t) / T - static_cast<double>(s) / S) / 0.3;
        expected += w[b][t][s].item() * (1 - std::exp(-off * off / 2)) / 5;
      }
  }
  CHECK(nn::guided_attention_loss(w, steps, lengths, 0.3).item() == doctest::Approx(expected));
  gradcheck([&](const Tensor& x) { return nn::guided_attention_loss(x, steps, lengths); }, {w});
  const Tensor steady = eye(4, f64).unsqueeze(0);
  CHECK(nn::guided_attention_loss(steady).item() == 0);
  CHECK(nn::guided_attention_loss(flip(steady, {1})).item() > 0.7);
  CHECK(nn::guided_attention_loss(w, tensor({0, 0}), lengths).item() == 0);
  const Tensor padded = cat({w, full({2, 3, 2}, NAN, f64)}, 2);
  CHECK(nn::guided_attention_loss(padded, steps, lengths, 0.3).item() == doctest::Approx(expected));
  CHECK(message_of<ShapeError>([&] { nn::guided_attention_loss(w[0]); }) ==
        "guided_attention_loss: the weights are [3, 4]; expected [B, T, S]");
  CHECK(message_of<ValueError>([&] { nn::guided_attention_loss(w, {}, {}, 0); }) ==
        "guided_attention_loss: width = 0 is not above 0");
  CHECK(message_of<IndexError>([&] {
          nn::guided_attention_loss(w, steps, tensor({2, 5}));
        }) == "guided_attention_loss: lengths[1] = 5 is outside 0..4");
  CHECK(message_of<ShapeError>([&] {
          nn::guided_attention_loss(w, tensor({1, 2, 3}));
        }) == "guided_attention_loss: lengths are [3]; expected [2], one for each sequence");
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
  const auto refused = [&](const nn::SequenceAttentionOptions& o) {
    return message_of<ValueError>([&] { nn::SequenceAttention(params / "b", o); });
  };
  CHECK(refused({.score = Score::dot, .query_dim = 3, .memory_dim = 3, .conv_filters = 2}) ==
        "attention: score dot: conv_filters is for additive (in b)");
  CHECK(refused({.query_dim = 3, .memory_dim = 3, .conv_filters = 2, .conv_kernel_size = 4}) ==
        "attention: score additive: 2 filters of 4 positions; expected at least 1 of an odd number "
        "(in "
        "b)");
  CHECK(refused({.query_dim = 3, .memory_dim = 3, .sharpening = 0}) ==
        "attention: score additive: sharpening is 0; it must be positive (in b)");
  CHECK(refused({.score = Score::local_p, .query_dim = 3, .memory_dim = 3, .window = 0}) ==
        "attention: score local_p: window is 0; it must be at least 1 (in b)");
  CHECK(refused({.score = Score::local_m, .query_dim = 3, .memory_dim = 3, .window = -1}) ==
        "attention: score local_m: window is -1; it must be at least 0 (in b)");
  const Setting none(Score::none);
  CHECK(message_of<ValueError>([&] {
          none.attention.weights(none.query, none.attention.prepare(none.memory));
        }) == "attention: score none has no weights; take another (in attention)");
  const Setting s(Score::general);
  CHECK(message_of<ShapeError>([&] {
          s.attention.prepare(ones({2, 3, 9}, f64));
        }) == "attention: the memory is [2, 3, 9]; expected [B, S, 4] (in attention)");
  CHECK(message_of<ShapeError>([&] {
          s.attention(ones({2, 9}, f64), s.attention.prepare(s.memory));
        }) == "attention: the query is [2, 9]; expected [2, 4] (in attention)");
}

}  // namespace tapehead::sequence_attention_test
