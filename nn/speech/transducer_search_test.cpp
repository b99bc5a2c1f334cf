// Compares searches with the loss of every short sequence, and with reading plainly.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/speech/transducer.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/small_transducer.h"
#include "tapehead/tests/toy_language_model.h"

namespace tapehead::transducer_search_test {

using test::kBos;
using test::kEos;
using test::language_model;
using test::language_model_log_prob;
using test::small_transducer;
using testing::error_of;

namespace {

using Tokens = std::vector<int64_t>;

// Greedy search of one sequence, with the whole prefix read at each node.
nn::AlignedHypothesis search_plainly(const nn::Transducer& model, const Tensor& frames,
                                     int64_t blank, int64_t max_symbols) {
  nn::AlignedHypothesis h;
  std::vector<int64_t> symbols{blank};
  for (int64_t t = 0; t < frames.size(0); ++t)
    for (int64_t n = 0; n < max_symbols; ++n) {
      const Tensor prediction = model.predictor(from_vector(symbols).unsqueeze(0))
                                    .out.slice(1, std::ssize(symbols) - 1, std::ssize(symbols));
      const Tensor p = log_softmax(
          model.joiner(frames.slice(0, t, t + 1).unsqueeze(0), prediction).flatten(), -1);
      const auto best = argmax(p).item<int64_t>();
      h.score += p[best].item();
      if (best == blank) break;
      h.tokens.push_back(best);
      h.timesteps.push_back(t);
      symbols.push_back(best);
    }
  return h;
}

// Log-probabilities of the symbols in each frame after each prefix of the tokens, [T, U + 1, V].
std::vector<double> node_log_probs(const nn::Transducer& model, const Tensor& frames,
                                   const Tokens& tokens, int64_t blank) {
  Tokens symbols{blank};
  symbols.insert(symbols.end(), tokens.begin(), tokens.end());
  const Tensor predictions = model.predictor(from_vector(symbols).unsqueeze(0)).out;
  return log_softmax(model.joiner(frames.unsqueeze(0), predictions), -1).to_vector<double>();
}

struct Alignments {
  double sum = 0, most = 0;  // probabilities of all alignments, and of the best one
  Tokens timesteps;          // of the best one
};

// All alignments of tokens with at most max_symbols in a frame.
Alignments all_alignments(const nn::Transducer& model, const Tensor& frames, const Tokens& tokens,
                          int64_t blank, int64_t max_symbols) {
  const std::vector<double> p = node_log_probs(model, frames, tokens, blank);
  const int64_t T = frames.size(0), U = std::ssize(tokens);
  const auto at = [&](int64_t t, int64_t u, int64_t v) {
    return p[size_t((t * (U + 1) + u) * 4 + v)];
  };
  Alignments all;
  Tokens timesteps;
  const std::function<void(int64_t, double)> leave = [&](int64_t t, double score) {
    if (t == T) {
      if (std::ssize(timesteps) < U) return;
      all.sum += std::exp(score);
      if (std::exp(score) > all.most) all.most = std::exp(score), all.timesteps = timesteps;
      return;
    }
    const Tokens before = timesteps;
    for (int64_t n = 0; n <= max_symbols; ++n) {
      const int64_t u = std::ssize(timesteps);
      leave(t + 1, score + at(t, u, blank));
      if (u == U) break;
      score += at(t, u, tokens[size_t(u)]);
      timesteps.push_back(t);
    }
    timesteps = before;
  };
  leave(0, 0);
  return all;
}

// All sequences of up to `longest` of the symbols 0..3 but the blank.
std::vector<Tokens> all_tokens(int64_t longest, int64_t blank) {
  std::vector<Tokens> all{{}};
  for (size_t at = 0; at < all.size(); ++at) {
    if (std::ssize(all[at]) == longest) break;
    for (int64_t c = 0; c < 4; ++c) {
      if (c == blank) continue;
      all.push_back(all[at]);
      all.back().push_back(c);
    }
  }
  return all;
}

}  // namespace

TEST_CASE("greedy search of a transducer takes the most probable symbol at each node") {
  for (const RnnCell cell : {RnnCell::lstm, RnnCell::gru}) {
    nn::Params params(5);
    nn::TransducerOptions o = small_transducer(1);
    o.cell = cell;
    const nn::Transducer model(params / "t", o);
    Generator generator{2, 0};
    const Tensor frames = 4 * randn({4, 6, 3}, f32, generator);
    const std::vector<int64_t> lengths{6, 2, 0, 5};
    for (const int64_t max_symbols : {1, 3}) {
      const auto found = model.greedy_search(frames, from_vector(lengths), max_symbols);
      REQUIRE(found.size() == 4);
      for (int64_t b = 0; b < 4; ++b) {
        CAPTURE(b);
        const auto wanted =
            search_plainly(model, frames[b].slice(0, 0, lengths[size_t(b)]), 1, max_symbols);
        CHECK(found[size_t(b)].tokens == wanted.tokens);
        CHECK(found[size_t(b)].timesteps == wanted.timesteps);
        CHECK(found[size_t(b)].score == doctest::Approx(wanted.score).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("beam search of a transducer with a wide beam finds the sums over all alignments") {
  for (const RnnCell cell : {RnnCell::lstm, RnnCell::gru})
    for (const int64_t blank : {0, 2})
      for (const int64_t max_symbols : {1, 2})
        for (const int fusion : {0, 1, 2}) {
          CAPTURE(blank);
          CAPTURE(max_symbols);
          CAPTURE(fusion);
          nn::Params params(5);
          nn::TransducerOptions sizes = small_transducer(blank);
          sizes.cell = cell;
          const nn::Transducer model(params / "t", sizes);
          params.to(f64);
          Generator generator{2, 0};
          const Tensor frames = 3 * randn({4, 3, 3}, f64, generator);
          const Tokens lengths{3, 0, 1, 2};
          const double bonus = fusion > 0 ? 0.7 : 0;
          nn::TransducerBeamOptions o{
              .beam = 2000, .max_symbols = max_symbols, .nbest = 30, .token_bonus = bonus};
          if (fusion > 0) o.language_model = {.model = language_model, .weight = 0.4, .bos = kBos};
          if (fusion > 1) o.language_model.eos = kEos;
          const auto found = model.beam_search(frames, from_vector(lengths), o);
          REQUIRE(found.size() == 4);
          for (int64_t b = 0; b < 4; ++b) {
            const int64_t T = lengths[size_t(b)];
            std::vector<std::pair<double, Tokens>> wanted;
            for (const Tokens& tokens : all_tokens(T * max_symbols, blank)) {
              const Alignments all =
                  all_alignments(model, frames[b].slice(0, 0, T), tokens, blank, max_symbols);
              wanted.emplace_back(
                  std::log(all.sum) + bonus * static_cast<double>(tokens.size()) +
                      (fusion > 0 ? 0.4 * language_model_log_prob(tokens, fusion > 1) : 0),
                  tokens);
            }
            std::sort(wanted.rbegin(), wanted.rend());
            const auto& list = found[size_t(b)];
            REQUIRE(list.size() == std::min<size_t>(30, wanted.size()));
            for (size_t i = 0; i < list.size(); ++i) {
              CHECK(list[i].tokens == wanted[i].second);
              CHECK(list[i].score == doctest::Approx(wanted[i].first).epsilon(1e-12));
              CHECK(list[i].timesteps == all_alignments(model, frames[b].slice(0, 0, T),
                                                        list[i].tokens, blank, max_symbols)
                                             .timesteps);
            }
          }
        }
}

TEST_CASE("beam search of a transducer: the score is that of its loss but for what was pruned") {
  nn::Params params(5);
  const nn::Transducer model(params / "t", small_transducer());
  params.to(f64);
  const NoGradGuard off;
  for (const nn::Param& p : params.all()) p.value.mul_(3);  // some alignments are far more probable
  Generator generator{2, 0};
  const Tensor frames = 4 * randn({3, 12, 3}, f64, generator);
  const auto loss = [&](int64_t b, const Tokens& tokens) {
    return model
        .loss(frames.slice(0, b, b + 1), {}, from_vector(tokens).unsqueeze(0), {}, Reduction::sum)
        .item();
  };
  const auto wide = model.beam_search(frames, {}, {.beam = 100});
  const auto narrow = model.beam_search(frames, {}, {.beam = 4});
  const auto greedy = model.greedy_search(frames);
  for (int64_t b = 0; b < 3; ++b) {
    const auto at = size_t(b);
    const double exact = -loss(b, wide[at][0].tokens);
    CHECK(wide[at][0].score <= exact + 1e-9);
    CHECK(wide[at][0].score > exact - 0.5);
    CHECK(exact >= -loss(b, greedy[at].tokens) - 1e-9);
    CHECK(narrow[at][0].score > wide[at][0].score - 1);
    const auto alone = model.beam_search(frames.slice(0, b, b + 1), {}, {.beam = 4});
    CHECK(alone[0][0].tokens == narrow[at][0].tokens);
  }
  CHECK(model.beam_search(zeros({0, 5, 3}, f64)).empty());
  CHECK(model.beam_search(zeros({2, 0, 3}, f64))[1][0].tokens.empty());
}

TEST_CASE("searches of a transducer say what they take") {
  nn::Params params;
  const nn::Transducer model(params / "m", small_transducer());
  const Tensor frames = zeros({2, 4, 3});
  const auto options = [&](const nn::TransducerBeamOptions& o) {
    return [&model, &frames, o] { model.beam_search(frames, {}, o); };
  };
  CHECK(error_of<ValueError>(options({.beam = 2, .nbest = 3})) ==
        "transducer: beam = 2 and nbest = 3; nbest must be in 1..beam (in m)");
  CHECK(error_of<ValueError>(options({.max_symbols = 0})) ==
        "transducer: max_symbols = 0; it must be at least 1 (in m)");
  CHECK(error_of<ValueError>(options({.token_bonus = NAN})) ==
        "transducer: language_model.weight = 0.5 and token_bonus = nan; both must be finite, and "
        "the weight not negative (in m)");
  CHECK(error_of<ShapeError>(options({.language_model = {language_model, 1, kBos, {}, {1}}})) ==
        "transducer: language_model.ids has 1 ids for 4 symbols (in m)");
  CHECK(error_of<IndexError>(options({.language_model = {language_model, 1, kBos, 7, {}}})) ==
        "transducer: id 7 of eos is outside the language model's 0..5 (in m)");
  CHECK(error_of<ValueError>([&] { model.greedy_search(frames, {}, 0); }) ==
        "transducer: max_symbols = 0; it must be at least 1 (in m)");
  const Tensor unknown = frames.clone();
  unknown[1][2].fill_(NAN);
  for (const bool greedy : {false, true}) {
    CAPTURE(greedy);
    const auto search = [&](const Tensor& x, const Tensor& lengths = {}) {
      if (greedy) model.greedy_search(x, lengths);
      else model.beam_search(x, lengths);
    };
    CHECK(error_of<ValueError>([&] { search(unknown); }) ==
          "transducer: the logits of sequence 1, frame 2 contain NaN or inf (in m)");
    CHECK(error_of<ShapeError>([&] { search(frames[0]); }) ==
          "transducer: frames are [4, 3]; expected [B, T, 3] (in m)");
    CHECK(error_of<IndexError>([&] {
            search(frames, tensor({5, 4}));
          }) == "transducer: lengths[0] = 5 is outside 0..4 (in m)");
  }
}

}  // namespace tapehead::transducer_search_test
