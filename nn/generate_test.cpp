// Sampling tokens, and generating sequences until they end.
#include "tapehead/nn/generate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/beam_search.h"
#include "tapehead/nn/models/gpt.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/small_gpt.h"

namespace tapehead::generate_test {

using testing::error_of;

namespace {

using Lists = std::vector<std::vector<int64_t>>;

// Predicts the last token + 1.
nn::LanguageModel counting() {
  return {.next = [](const Tensor& ids) { return one_hot(ids + 1, 20).to(f32) * 100; }};
}

}  // namespace

TEST_CASE("tokens are drawn as the options say") {
  const Tensor logits = log(from_vector(std::vector<float>{0.5f, 0.3f, 0.15f, 0.05f})).unsqueeze(0);
  const auto shares = [&](const nn::SamplingOptions& o, const Lists& before = {{}}) {
    Generator generator{1, 0};
    std::map<int64_t, double> share;
    for (int i = 0; i < 4000; ++i) share[nn::sample(logits, before, o, generator)[0]] += 1 / 4000.0;
    return share;
  };
  const auto near = [](double got, double want) { return std::abs(got - want) < 0.03; };
  const auto plain = shares({});
  for (const auto& [token, want] : std::map<int64_t, double>{{0, .5}, {1, .3}, {2, .15}, {3, .05}})
    CHECK(near(plain.at(token), want));
  CHECK(shares({.temperature = 0}).at(0) == doctest::Approx(1));
  const auto top_k = shares({.top_k = 2});
  CHECK(top_k.size() == 2);
  CHECK(near(top_k.at(0), 0.625));
  CHECK(shares({.top_p = 0.6}).size() == 2);
  CHECK(shares({.top_p = 0.81}).size() == 3);
  CHECK(shares({.min_p = 0.25}).size() == 3);
  CHECK(near(shares({.temperature = 0.5}).at(0), 0.25 / (0.25 + 0.09 + 0.0225 + 0.0025)));
  // log p < 0, so that a penalty of 2 squares the probability before the rest is scaled.
  CHECK(near(shares({.repetition_penalty = 2}, {{0}}).at(0), 0.25 / 0.75));
}

TEST_CASE("generation stops where it is told to") {
  CHECK(nn::generate(counting(), {3}, {.length = 4}) == Lists{{4, 5, 6, 7}});
  CHECK(nn::generate(counting(), {3}, {.length = 9, .stop = {6}}) == Lists{{4, 5}});
  std::vector<int64_t> heard;
  const auto listen = [&](int64_t, int64_t token) { return heard.push_back(token), token < 5; };
  CHECK(nn::generate(counting(), {3}, {.length = 9, .on_token = listen}) == Lists{{4, 5}});
  CHECK(heard == std::vector<int64_t>{4, 5});
}

TEST_CASE("what generation refuses") {
  Generator generator;
  const Tensor logits = zeros({1, 3});
  const auto refuse = [&](const nn::SamplingOptions& o) {
    return error_of<ValueError>([&] { nn::sample(logits, {{}}, o, generator); });
  };
  CHECK(refuse({.repetition_penalty = 0}) ==
        "sample: repetition_penalty is 0; it must be positive and finite");
  CHECK(refuse({.repetition_penalty = INFINITY}) ==
        "sample: repetition_penalty is inf; it must be positive and finite");
  CHECK(refuse({.temperature = -1}) ==
        "sample: temperature is -1; it must be at least 0 and finite");
  CHECK(refuse({.temperature = INFINITY}) ==
        "sample: temperature is inf; it must be at least 0 and finite");
  CHECK(refuse({.temperature = NAN}) ==
        "sample: temperature is nan; it must be at least 0 and finite");
  CHECK(refuse({.top_k = -1}) == "sample: top_k is -1; it must be at least 0");
  CHECK(refuse({.top_p = 0}) == "sample: top_p is 0; it must be above 0 and at most 1");
  CHECK(refuse({.min_p = 2}) == "sample: min_p is 2; it must be in 0..1");
  CHECK(error_of<ShapeError>([&] { nn::sample(logits, {}, {}, generator); }) ==
        "sample: logits are [1, 3] for 0 rows; expected [B, V]");
  CHECK(error_of<ValueError>([&] { nn::sample(logits / 0.0, {{}}, {}, generator); }) ==
        "sample: the logits of row 0 contain NaN");
  CHECK(error_of<ValueError>([] { nn::generate({}, {}); }) ==
        "generate: a prompt of 0 tokens, 1 copies; both must be at least 1");
}

TEST_CASE("logits that say nothing, and tokens that are none, are refused") {
  Generator generator;
  const auto refuse = [&](std::vector<float> logits, const Lists& before = {{}},
                          const nn::SamplingOptions& o = {}) {
    return error_of<Error>(
        [&] { nn::sample(from_vector(logits).unsqueeze(0), before, o, generator); });
  };
  constexpr float kInf = INFINITY;
  for (const nn::SamplingOptions& o : {nn::SamplingOptions{}, {.temperature = 0}, {.top_k = 1}}) {
    CAPTURE(o.temperature);
    CHECK(refuse({0, NAN, 1}, {{}}, o) == "sample: the logits of row 0 contain NaN");
    CHECK(refuse({0, kInf, -kInf}, {{}}, o) == "sample: the logits of row 0 contain inf");
    CHECK(refuse({-kInf, -kInf}, {{}}, o) ==
          "sample: the logits of row 0 are all -inf; at least one token must be possible");
  }
  CHECK(refuse({0, 1}, {{0, 2}}) ==
        "sample: a token before row 0 is 2, outside of the vocabulary 0..1");
  CHECK(refuse({0, 1}, {{-1}}, {.repetition_penalty = 1.2}) ==
        "sample: a token before row 0 is -1, outside of the vocabulary 0..1");
  CHECK(error_of<IndexError>([] {
          nn::generate(counting(), {3}, {.stop = {5, 20}});
        }) == "generate: a stop token is 20, outside of the vocabulary 0..19");
  CHECK(error_of<ValueError>([] { nn::generate({}, {1}); }) ==
        "generate: the model has no next function; use with_caches() or without_caches()");
  CHECK(error_of<ShapeError>([] {
          nn::generate({.next = [](const Tensor& ids) { return ids.to(f32); }}, {1, 2});
        }) == "generate: the model returned logits [1, 2] for ids [1, 2]; expected [1, 2, V]");
}

TEST_CASE("what is impossible is never drawn, whatever the options") {
  constexpr float kInf = INFINITY;
  const Tensor logits = from_vector(std::vector<float>{-kInf, 3e38f, -kInf, -3e38f, 3e38f, -kInf});
  const nn::SamplingOptions all[] = {{},
                                     {.temperature = 1e-300},
                                     {.temperature = 1e300},
                                     {.repetition_penalty = 1e38},
                                     {.repetition_penalty = 1e-38},
                                     {.top_k = 5},
                                     {.top_p = 1e-300},
                                     {.min_p = 1}};
  for (const nn::SamplingOptions& o : all) {
    CAPTURE(o.temperature);
    CAPTURE(o.repetition_penalty);
    Generator generator{7, 0};
    for (int i = 0; i < 100; ++i) {
      const int64_t token = nn::sample(logits.unsqueeze(0), {{1, 3}}, o, generator)[0];
      CHECK((token == 1 || token == 3 || token == 4));
    }
  }
}

namespace {

// The definition of the options, by sorting the whole vocabulary.
int64_t sorted_draw(const std::vector<float>& logits, const nn::SamplingOptions& o,
                    double uniform) {
  std::vector<size_t> order(logits.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return logits[a] > logits[b]; });
  if (o.top_k > 0 && o.top_k < std::ssize(order)) order.resize(static_cast<size_t>(o.top_k));
  std::vector<double> weight;
  weight.reserve(order.size());
  for (const size_t i : order)
    weight.push_back(std::exp(static_cast<double>(logits[i] - logits[order[0]]) / o.temperature));
  const double all = std::accumulate(weight.begin(), weight.end(), 0.0);
  double mass = 0;
  size_t kept = 0;
  while (kept < weight.size() && mass < o.top_p * all && (kept == 0 || weight[kept] >= o.min_p))
    mass += weight[kept++];
  double rest = uniform * mass;
  for (size_t i = 0; i + 1 < kept; ++i)
    if ((rest -= weight[i]) < 0) return static_cast<int64_t>(order[i]);
  return static_cast<int64_t>(order[kept - 1]);
}

}  // namespace

TEST_CASE("tokens are those of a sorted vocabulary") {
  const nn::SamplingOptions all[] = {{},
                                     {.temperature = 0.1},
                                     {.temperature = 3},
                                     {.top_k = 1},
                                     {.top_k = 7},
                                     {.top_p = 0.3},
                                     {.top_p = 0.95},
                                     {.min_p = 0.2},
                                     {.temperature = 2, .top_k = 50, .top_p = 0.7, .min_p = 0.1}};
  Generator numbers{3, 0};
  for (const int64_t V : {1, 2, 3, 64, 1000}) {
    for (const nn::SamplingOptions& o : all) {
      CAPTURE(V);
      CAPTURE(o.top_k);
      CAPTURE(o.top_p);
      // Rounded, to have many ties.
      const Tensor logits = floor(randn({100, V}, f32, numbers) * 8) / 4;
      Generator one{5, 0}, other{5, 0};
      const auto tokens = nn::sample(logits, Lists(100), o, one);
      const auto uniform = rand({100}, f64, other).to_vector<double>();
      for (int64_t row = 0; row < 100; ++row)
        CHECK(tokens[static_cast<size_t>(row)] ==
              sorted_draw(logits[row].to_vector<float>(), o, uniform[static_cast<size_t>(row)]));
    }
  }
}

TEST_CASE("a sequence of no length is empty") {
  CHECK(nn::generate(counting(), {3}, {.length = 0}) == Lists{{}});
  CHECK(nn::generate_all(counting(), {}).empty());
}

TEST_CASE("prompts of any lengths go on as each would alone") {
  CHECK(nn::generate_all(counting(), {{3}, {9, 1, 5}, {7, 7}}, {.length = 2}) ==
        Lists{{4, 5}, {6, 7}, {8, 9}});
  CHECK(nn::generate_all(counting(), {{3}, {9, 1, 5}}, {.length = 4, .stop = {5}}) ==
        Lists{{4}, {6, 7, 8, 9}});
  Lists heard(2);
  const auto listen = [&](int64_t row, int64_t token) {
    heard[static_cast<size_t>(row)].push_back(token);
    return token != 4;
  };
  CHECK(nn::generate_all(counting(), {{3}, {1, 5}}, {.length = 2, .on_token = listen}) ==
        Lists{{4}, {6, 7}});
  CHECK(heard == Lists{{4}, {6, 7}});
  CHECK(error_of<ValueError>([] {
          nn::generate_all(counting(), {{1}, {}});
        }) == "generate_all: prompt 1 is empty; it needs at least one token");
}

namespace {

// Scales the weights up, so that predictions are clear-cut and depend on the tokens read.
void make_definite(const nn::Params& params) {
  params.to(f64);
  const NoGradGuard off;
  for (const nn::Param& param : params.all()) param.value.copy_(param.value * 12);
}

}  // namespace

TEST_CASE("GPT writes the same with caches and without, in batches and alone") {
  for (const nn::GptConfig& config : {testing::small_gpt2(), testing::small_llama()}) {
    CAPTURE(config.transformer.ffn.gated);
    nn::Params params(3);
    const nn::Gpt gpt(params / "gpt", config);
    make_definite(params);
    const Lists prompts = {{1, 2, 3}, {4}, {5, 6, 7, 8, 9, 10}, {4, 4, 4}};
    const nn::GenerateOptions greedy{.sampling = {.temperature = 0}, .length = 9};
    const Lists all = nn::generate_all(nn::with_caches(gpt), prompts, greedy);
    CHECK(all == nn::generate_all(nn::without_caches(gpt), prompts, greedy));
    for (size_t i = 0; i < prompts.size(); ++i)
      CHECK(all[i] == nn::generate(nn::with_caches(gpt), prompts[i], greedy)[0]);

    const Tensor two = from_vector(std::vector<int64_t>{1, 2, 3, 4, 4, 4}, {2, 3});
    for (const int64_t beam : {1, 3}) {
      CAPTURE(beam);
      const nn::BeamOptions o{.beam = beam, .max_length = 8, .eos = 0};
      const auto with = nn::beam_search(nn::with_caches(gpt), two, o),
                 without = nn::beam_search(nn::without_caches(gpt), two, o);
      for (int64_t b = 0; b < 2; ++b) {
        const auto i = static_cast<size_t>(b);
        CHECK(with[i].tokens == without[i].tokens);
        CHECK(with[i].score == without[i].score);
        const auto alone = nn::beam_search(nn::with_caches(gpt), two.slice(0, b, b + 1), o);
        CHECK(with[i].tokens == alone[0].tokens);
      }
    }
    const auto one = nn::beam_search(nn::with_caches(gpt), two,
                                     {.beam = 1, .length_penalty = 0, .max_length = 9, .eos = 0});
    const auto until = nn::generate(nn::with_caches(gpt), {1, 2, 3},
                                    {.sampling = {.temperature = 0}, .length = 9, .stop = {0}});
    CHECK(one[0].tokens == until[0]);
  }
}

namespace {

using Ids = std::vector<int64_t>;

// The most probable continuation of up to three tokens, not counting the end (0).
struct Best {
  Ids tokens;
  double score = -INFINITY;
};
void try_all(const nn::Gpt& gpt, const Ids& prompt, const Ids& made, double sum, Best& best) {
  Ids all = prompt;
  all.insert(all.end(), made.begin(), made.end());
  const Tensor logits = gpt(from_vector(all).unsqueeze(0));
  const auto p = log_softmax(logits[0][logits.size(1) - 1], -1).to_vector<double>();
  const double ended = (sum + p[0]) / std::pow((5.0 + static_cast<double>(made.size())) / 6, 0.6);
  if (ended > best.score) best = {made, ended};
  for (int64_t v = 1; v < 5 && made.size() < 3; ++v) {
    Ids more = made;
    more.push_back(v);
    try_all(gpt, prompt, more, sum + p[static_cast<size_t>(v)], best);
  }
}

}  // namespace

TEST_CASE("a wide beam finds the most probable continuation that there is") {
  const NoGradGuard off;
  nn::Params params(4);
  const nn::Gpt gpt(params / "gpt",
                    {.vocab_size = 5,
                     .context = 8,
                     .transformer = {.embed_dim = 8, .num_heads = 2, .num_layers = 1}});
  make_definite(params);
  Tensor prompts = zeros({16, 2}, i64);
  for (int64_t i = 0; i < 32; ++i) prompts.data<int64_t>()[i] = 1 + (i % 2 ? i / 2 % 4 : i / 8);
  const nn::BeamOptions o{.beam = 100, .length_penalty = 0.6, .max_length = 3, .eos = 0};
  const auto found = nn::beam_search(nn::with_caches(gpt), prompts, o),
             again = nn::beam_search(nn::without_caches(gpt), prompts, o);
  for (int64_t i = 0; i < 16; ++i) {
    CAPTURE(i);
    Best best;
    try_all(gpt, prompts[i].to_vector<int64_t>(), {}, 0, best);
    for (const auto* each : {&found, &again}) {
      const nn::Hypothesis& h = (*each)[static_cast<size_t>(i)];
      CHECK(h.tokens == best.tokens);
      CHECK(h.score == doctest::Approx(best.score).epsilon(1e-5));
    }
  }
}

TEST_CASE("beams that stay where they are are not sent there, and those that end leave") {
  nn::LanguageModel model = counting();
  std::vector<std::vector<int64_t>> sent;
  model.reorder = [&](const Tensor& rows) { sent.push_back(rows.to_vector<int64_t>()); };
  const auto search = [&](const std::vector<int64_t>& starts) {
    sent.clear();
    return nn::beam_search(model, from_vector(starts).unsqueeze(1),
                           {.beam = 1, .max_length = 9, .eos = 6});
  };
  CHECK(search({3, 3})[1].tokens == std::vector<int64_t>{4, 5});
  CHECK(sent.empty());
  const auto found = search({5, 3});
  CHECK(found[0].tokens.empty());
  CHECK(found[1].tokens == std::vector<int64_t>{4, 5});
  CHECK(sent == std::vector<std::vector<int64_t>>{{1}});
}

TEST_CASE("what beam search of a language model refuses") {
  CHECK(error_of<ShapeError>([] { nn::beam_search(counting(), zeros({3}, i64)); }) ==
        "beam_search: prompts are [3]; expected [B, T], T at least 1");
  CHECK(error_of<ShapeError>([] {
          nn::beam_search(counting(), zeros({2, 0}, i64));
        }) == "beam_search: prompts are [2, 0]; expected [B, T], T at least 1");
  CHECK(error_of<ValueError>([] {
          nn::beam_search(counting(), zeros({1, 1}, i64));
        }) ==
        "beam_search: the model has no reorder function; use with_caches() or without_caches()");
  const nn::Scorer scorer{.next =
                              [](const Tensor& tokens) {
                                return zeros({tokens.size(0), 20});
                              },
                          .reorder = [](const Tensor&, bool) {}};
  CHECK(error_of<ValueError>([&] {
          nn::beam_search({.next = counting().next, .reorder = [](const Tensor&) {}},
                          zeros({1, 1}, i64), {.scorers = {scorer}});
        }) == "beam_search: scorers would not see the prompts; use the overload for a Decoder");
}

}  // namespace tapehead::generate_test
