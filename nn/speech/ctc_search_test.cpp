// Compares decoding with the sums and maxima over all paths, which are few for short inputs.
#include "tapehead/nn/speech/ctc_search.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/ctc_paths.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/toy_language_model.h"

namespace tapehead::ctc_search_test {

using test::all_paths;
using test::collapsed;
using test::kBos;
using test::kEos;
using test::language_model;
using test::language_model_log_prob;
using testing::error_of;

namespace {

constexpr int64_t B = 3, T = 5, C = 4;
const std::vector<int64_t> kLengths{5, 3, 0};
using Tokens = std::vector<int64_t>;

Tensor some_log_probs(double scale = 2) {
  Generator generator{5, 0};
  return log_softmax(scale * randn({B, T, C}, f64, generator), -1);
}

}  // namespace

TEST_CASE("ctc greedy search takes the most probable symbol of each frame") {
  const Tensor x = some_log_probs();
  for (const int64_t blank : {0, 2}) {
    CAPTURE(blank);
    const auto found = nn::ctc_greedy_search(x, from_vector(kLengths), blank);
    REQUIRE(found.size() == B);
    for (int64_t b = 0; b < B; ++b) {
      Tokens path;
      double score = 0;
      for (int64_t t = 0; t < kLengths[size_t(b)]; ++t) {
        path.push_back(argmax(x[b][t]).item<int64_t>());
        score += x[b][t][path.back()].item();
      }
      const nn::AlignedHypothesis& h = found[size_t(b)];
      CHECK(h.tokens == collapsed(path, blank));
      CHECK(h.timesteps == nn::ctc_timesteps(path, blank));
      CHECK(h.score == doctest::Approx(score));
    }
  }
}

TEST_CASE("ctc beam search with a wide beam finds the sums over all paths") {
  const Tensor x = some_log_probs();
  for (const int64_t blank : {0, 3})
    for (const bool fused : {false, true})
      for (const bool ends : {false, true}) {
        CAPTURE(blank);
        CAPTURE(fused);
        CAPTURE(ends);
        const double bonus = fused ? 0.7 : 0;
        nn::CtcBeamOptions o{.beam = 2000, .blank = blank, .nbest = 20, .token_bonus = bonus};
        if (fused) o.language_model = {.model = language_model, .weight = 0.4, .bos = kBos};
        if (ends) o.language_model.eos = kEos;
        const auto found = nn::ctc_beam_search(x, from_vector(kLengths), o);
        for (int64_t b = 0; b < B; ++b) {
          std::vector<std::pair<double, Tokens>> wanted;
          const auto all = all_paths(x[b], kLengths[size_t(b)], blank);
          for (const auto& [tokens, best] : all)
            wanted.emplace_back(std::log(best.sum) + bonus * static_cast<double>(tokens.size()) +
                                    (fused ? 0.4 * language_model_log_prob(tokens, ends) : 0),
                                tokens);
          std::sort(wanted.rbegin(), wanted.rend());
          const auto& list = found[size_t(b)];
          REQUIRE(list.size() == std::min<size_t>(20, wanted.size()));
          for (size_t i = 0; i < list.size(); ++i) {
            CHECK(list[i].tokens == wanted[i].second);
            CHECK(list[i].score == doctest::Approx(wanted[i].first).epsilon(1e-12));
            CHECK(list[i].timesteps == nn::ctc_timesteps(all.at(list[i].tokens).path, blank));
          }
        }
      }
}

TEST_CASE("ctc beam search: the score is that of ctc_loss but for alignments that were pruned") {
  Generator generator{1, 0};
  const Tensor x = log_softmax(4 * randn({2, 40, 8}, f64, generator), -1);
  const auto wide = nn::ctc_beam_search(x, {}, {.beam = 200});
  const auto narrow = nn::ctc_beam_search(x, {}, {.beam = 8, .beam_tokens = 3});
  const auto greedy = nn::ctc_greedy_search(x);
  for (size_t b = 0; b < 2; ++b) {
    const auto loss = [&](const Tokens& tokens) {
      return ctc_loss(x[int64_t(b)], from_vector(tokens), 40, std::ssize(tokens),
                      {.reduction = Reduction::sum})
          .item();
    };
    const double exact = -loss(wide[b][0].tokens);
    CHECK(wide[b][0].score <= exact + 1e-9);
    CHECK(wide[b][0].score > exact - 0.5);
    CHECK(exact >= -loss(greedy[b].tokens));
    CHECK(narrow[b][0].score > wide[b][0].score - 1);
  }
}

TEST_CASE("ctc search of symbols with probability 0, and of padding") {
  Tensor x = some_log_probs();
  x = masked_fill(x, arange(C) == 1, -std::numeric_limits<double>::infinity());
  const Tensor padded = x.clone();
  padded[1].slice(0, 3, 5).fill_(std::nan(""));
  padded[2].fill_(std::nan(""));
  const auto found = nn::ctc_beam_search(padded, from_vector(kLengths), {.nbest = 16});
  CHECK(found[2].size() == 1);
  CHECK(found[2][0].tokens.empty());
  CHECK(found[2][0].score == 0);
  for (const nn::AlignedHypothesis& h : found[0])
    CHECK(std::count(h.tokens.begin(), h.tokens.end(), 1) == 0);
  const auto greedy = nn::ctc_greedy_search(padded, from_vector(kLengths));
  CHECK(greedy[1].tokens == nn::ctc_greedy_search(x.slice(1, 0, 3))[1].tokens);
  CHECK(error_of<ValueError>([&] { nn::ctc_greedy_search(padded); }) ==
        "ctc_greedy_search: log_probs[1, 3, 0] is NaN");
}

TEST_CASE("ctc_align finds the most probable path of a target") {
  const Tensor x = some_log_probs(3);
  for (const int64_t blank : {0, 2})
    for (const auto& [tokens, best] : all_paths(x[0], T, blank)) {
      CAPTURE(tokens.size());
      CHECK(nn::ctc_align(x[0], tokens, blank) == best.path);
    }
  CHECK(nn::ctc_align(zeros({0, 3}), {}).empty());
  for (const Tokens& impossible : {Tokens{1, 1, 1, 1}, Tokens{1, 2, 1, 2, 1, 2}})
    CHECK(
        error_of<ValueError>([&] { nn::ctc_align(x[0], impossible); }) ==
        fmt::format("ctc_align: no alignment of {} targets to 5 frames has a probability above 0; "
                    "each target needs a frame, and equal neighbours a blank between them",
                    impossible.size()));
  CHECK(error_of<IndexError>([&] {
          nn::ctc_align(x[0], {1, 4});
        }) == "ctc_align: targets[1] = 4 is outside 0..3");
  CHECK(error_of<IndexError>([&] { nn::ctc_align(x[0], {0}); }) ==
        "ctc_align: targets[0] = 0 is the blank; targets hold symbols only");
  CHECK(error_of<ShapeError>([&] { nn::ctc_align(x, {1}); }) ==
        "ctc_align: log_probs have shape [3, 5, 4]; they must be [T, C]");
}

TEST_CASE("ctc search says what it takes") {
  const Tensor x = some_log_probs();
  const auto options = [&](const nn::CtcBeamOptions& o) {
    return [&x, o] { nn::ctc_beam_search(x, {}, o); };
  };
  CHECK(error_of<ValueError>(options({.beam = 2, .nbest = 3})) ==
        "ctc_beam_search: beam = 2, nbest = 3 and beam_tokens = 0; nbest must be in 1..beam, and "
        "beam_tokens not negative");
  CHECK(error_of<ValueError>(options({.token_bonus = INFINITY})) ==
        "ctc_beam_search: language_model.weight = 0.5 and token_bonus = inf; both must be finite, "
        "and the weight not negative");
  CHECK(error_of<ValueError>(options({.language_model = {language_model, -1}})) ==
        "ctc_beam_search: language_model.weight = -1 and token_bonus = 0; both must be finite, and "
        "the weight not negative");
  CHECK(error_of<ShapeError>(options({.language_model = {language_model, 1, kBos, {}, {1, 2}}})) ==
        "ctc_beam_search: language_model.ids has 2 ids for 4 symbols");
  CHECK(error_of<IndexError>(
            options({.language_model = {language_model, 1, kBos, {}, {1, 2, 6, 3}}})) ==
        "ctc_beam_search: id 6 of symbol 2 is outside the language model's 0..5");
  CHECK(error_of<IndexError>(options({.language_model = {language_model, 1, kBos, 9, {}}})) ==
        "ctc_beam_search: id 9 of eos is outside the language model's 0..5");
  CHECK(error_of<ValueError>(options({.language_model = {[](const Tensor& ids) {
                                        return full({ids.size(0), ids.size(1), 6}, NAN);
                                      }}})) ==
        "ctc_beam_search: the language model's logits contain NaN or inf, or are all -inf");
  CHECK(error_of<ShapeError>(options({.language_model = {[](const Tensor&) {
                                        return zeros({1, 6});
                                      }}})) ==
        "ctc_beam_search: the language model returned logits [1, 6] for ids [3, 1]; expected [3, "
        "1, V]");
  CHECK(error_of<IndexError>([&] { nn::ctc_greedy_search(x, {}, 4); }) ==
        "ctc_greedy_search: blank = 4 is outside 0..3");
  CHECK(error_of<ShapeError>([&] { nn::ctc_greedy_search(x[0]); }) ==
        "ctc_greedy_search: log_probs have shape [5, 4]; they must be [B, T, C]");
  CHECK(error_of<IndexError>([&] {
          nn::ctc_greedy_search(x, tensor({6, 5, 5}));
        }) == "ctc_greedy_search: lengths[0] = 6 is outside 0..5");
}

}  // namespace tapehead::ctc_search_test
