#include "tapehead/nn/speech/scorers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/ctc_paths.h"
#include "tapehead/tests/expect.h"

namespace tapehead::scorers_test {

using test::all_paths;
using testing::error_of;

namespace {

using Tokens = std::vector<int64_t>;
constexpr int64_t B = 2, T = 5, V = 5, kBlank = 0, kBos = 3, kEos = 4;
const std::vector<int64_t> kLengths{5, 3};

Tensor some_log_probs() {
  Generator generator{5, 0};
  return log_softmax(2 * randn({B, T, V}, f64, generator), -1);
}

// Logits that depend on the last two tokens.
Tensor logits_of(const Tensor& ids, double scale) {
  const int64_t N = ids.size(0), L = ids.size(1);
  const auto id = ids.to_vector<int64_t>();
  const Tensor out = empty({N, L, V}, f64);
  for (int64_t n = 0; n < N; ++n)
    for (int64_t l = 0; l < L; ++l)
      for (int64_t v = 0; v < V; ++v)
        out.data<double>()[(n * L + l) * V + v] =
            scale * std::sin(static_cast<double>(v * 7 + id[size_t(n * L + l)] * 5 +
                                                 (l > 0 ? id[size_t(n * L + l - 1)] * 3 : 1)));
  return out;
}
nn::LanguageModel model(double scale) {
  return nn::without_caches([scale](const Tensor& ids) { return logits_of(ids, scale); });
}
double log_prob(const Tokens& tokens, double scale) {
  Tokens ids{kBos};
  ids.insert(ids.end(), tokens.begin(), tokens.end());
  const Tensor p = log_softmax(logits_of(from_vector(ids).unsqueeze(0), scale), -1);
  double sum = 0;
  for (size_t i = 0; i <= tokens.size(); ++i)
    sum += p[0][int64_t(i)][i < tokens.size() ? tokens[i] : kEos].item();
  return sum;
}
nn::Decoder decoder(double scale) {
  const nn::LanguageModel lm = model(scale);
  return {.next = [lm](const Tensor& tokens) -> nn::DecoderStep {
            return {nn::next_logits("test", lm, tokens.unsqueeze(1)), {}};
          },
          .reorder = [lm](const Tensor& rows, bool) { lm.reorder(rows); }};
}

}  // namespace

TEST_CASE("a ctc scorer sums the paths of all sequences that begin with a prefix") {
  const Tensor x = some_log_probs();
  const std::map<Tokens, test::CtcPaths> paths_of[B] = {all_paths(x[0], kLengths[0], kBlank),
                                                        all_paths(x[1], kLengths[1], kBlank)};
  for (const Tokens& tokens : {Tokens{1, 2}, Tokens{2, 2}, Tokens{3, 1, 2}}) {
    const nn::Scorer scorer = nn::ctc_scorer(x, from_vector(kLengths), {.eos = kEos});
    // A hypothesis for each sequence at first, then two of the first sequence.
    Tokens order{0, 1};
    double sums[2] = {0, 0};
    Tokens prefix;
    for (size_t i = 0; i <= tokens.size(); ++i) {
      CAPTURE(i);
      if (i == 1) scorer.reorder(tensor({0, 0}), false), order = {0, 0}, sums[1] = sums[0];
      const Tensor scores = scorer.next(full({2}, i == 0 ? kBos : tokens[i - 1], i64));
      REQUIRE(scores.shape() == Shape{2, V});
      for (size_t n = 0; n < 2; ++n) {
        for (int64_t v = 0; v < V; ++v) {
          Tokens longer = prefix;
          if (v != kEos) longer.push_back(v);
          double sum = 0;
          for (const auto& [sequence, paths] : paths_of[order[n]])
            if (v == kEos ? sequence == prefix
                          : sequence.size() >= longer.size() &&
                                std::equal(longer.begin(), longer.end(), sequence.begin()))
              sum += paths.sum;
          const double got = sums[n] + scores[int64_t(n)][v].item();
          if (sum == 0) CHECK(std::isinf(got));
          else CHECK(got == doctest::Approx(std::log(sum)).epsilon(1e-9));
        }
        if (i < tokens.size()) sums[n] += scores[int64_t(n)][tokens[i]].item();
      }
      if (i < tokens.size()) prefix.push_back(tokens[i]);
    }
  }
}

TEST_CASE("joint search with a wide beam finds the best sum of decoder, ctc and language model") {
  const Tensor x = some_log_probs();
  for (const auto& [attention, ctc, fused] :
       {std::array{1.0, 0.0, 0.0}, {0.7, 0.3, 0.0}, {0.0, 1.0, 0.5}, {0.5, 0.5, 0.4}}) {
    CAPTURE(attention);
    CAPTURE(ctc);
    CAPTURE(fused);
    const auto found = nn::beam_search(
        decoder(3), B,
        {.beam = 300,
         .length_penalty = 0,
         .max_length = 4,
         .bos = kBos,
         .eos = kEos,
         .suppress = {kBlank},
         .decoder_weight = attention,
         .scorers = {nn::ctc_scorer(x, from_vector(kLengths), {.weight = ctc, .eos = kEos}),
                     nn::language_model_scorer(model(5), {.weight = fused})}});
    for (int64_t b = 0; b < B; ++b) {
      double best = -INFINITY;
      Tokens tokens;
      for (const auto& [sequence, paths] : all_paths(x[b], kLengths[size_t(b)], kBlank)) {
        if (sequence.size() > 4 || std::count(sequence.begin(), sequence.end(), kEos) > 0) continue;
        const double score = attention * log_prob(sequence, 3) + fused * log_prob(sequence, 5) +
                             ctc * std::log(paths.sum);
        if (score > best) best = score, tokens = sequence;
      }
      if (ctc == 0) continue;  // sequences that CTC does not allow may be better
      CHECK(found[size_t(b)].tokens == tokens);
      CHECK(found[size_t(b)].score == doctest::Approx(best).epsilon(1e-5));
    }
    if (ctc > 0 || fused > 0) continue;
    const auto plain = nn::beam_search(decoder(3), B,
                                       {.beam = 300,
                                        .length_penalty = 0,
                                        .max_length = 4,
                                        .bos = kBos,
                                        .eos = kEos,
                                        .suppress = {kBlank}});
    CHECK(found[0].tokens == plain[0].tokens);
    CHECK(found[0].score == plain[0].score);
  }
}

TEST_CASE("a language model scorer maps tokens to the ids of its model") {
  const nn::Scorer scorer =
      nn::language_model_scorer(model(2), {.weight = 0.25, .ids = {4, 3, 2, 1, 0}});
  CHECK(scorer.weight == 0.25);
  const Tensor got = scorer.next(tensor({kBos, kBos}));
  const Tensor wanted = flip(log_softmax(logits_of(tensor({{1}}), 2), -1)[0][0], 0);
  CHECK(testing::difference(got[1], wanted) == 0);
}

TEST_CASE("scorers say what they take") {
  const Tensor x = some_log_probs();
  CHECK(error_of<IndexError>([&] { nn::ctc_scorer(x, {}, {.eos = 5}); }) ==
        "ctc_scorer: eos = 5 is outside 0..4");
  CHECK(error_of<ShapeError>([&] { nn::ctc_scorer(x[0]); }) ==
        "ctc_scorer: log_probs have shape [5, 5]; they must be [B, T, C]");
  CHECK(error_of<ShapeError>([&] { nn::ctc_scorer(x).next(tensor({1})); }) ==
        "ctc_scorer: 1 tokens for 2 hypotheses; a scorer is for one search, of the batch of "
        "log_probs");
  CHECK(error_of<ValueError>([&] { nn::language_model_scorer({}); }) ==
        "language_model_scorer: the model needs next and reorder; use with_caches() or "
        "without_caches()");

  const auto search = [](const nn::BeamOptions& o) {
    nn::BeamOptions all = o;
    all.bos = kBos, all.eos = kEos;
    return [all] { nn::beam_search(decoder(1), B, all); };
  };
  const auto keep = [](const Tensor&, bool) {};
  const auto constant = [&](const Tensor& scores, double weight = 1) {
    return nn::Scorer{[scores](const Tensor&) { return scores; }, keep, weight};
  };
  CHECK(error_of<ValueError>(search({.scorers = {{{}, keep}}})) ==
        "beam_search: a scorer needs both next and reorder");
  CHECK(error_of<ValueError>(search({.decoder_weight = -1})) ==
        "beam_search: the weight of the decoder is -1; it must be finite and not negative");
  CHECK(error_of<ValueError>(search({.scorers = {constant(zeros({2, V}), NAN)}})) ==
        "beam_search: the weight of scorer 0 is nan; it must be finite and not negative");
  CHECK(error_of<ShapeError>(search({.scorers = {constant(zeros({2, 4}))}})) ==
        "beam_search: scorer 0 returned [2, 4]; expected [2, 5]");
  CHECK(error_of<ValueError>(search({.scorers = {constant(full({2, V}, NAN))}})) ==
        "beam_search: scorer 0 returned NaN or inf for hypothesis 0");
}

}  // namespace tapehead::scorers_test
