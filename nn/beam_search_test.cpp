#include "tapehead/nn/beam_search.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/models/seq2seq.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::beam_search_test {

using namespace test;

namespace {

constexpr int64_t V = 5, kEos = 3;

// Log-probabilities that depend only on the last two tokens.
std::vector<double> next(int64_t before, int64_t last) {
  std::vector<double> p(V);
  double total = 0;
  for (int64_t v = 0; v < V; ++v)
    total += p[static_cast<size_t>(v)] =
        std::exp(2 * std::sin(3.0 * static_cast<double>(v * 7 + last * 5 + before * 3)));
  for (double& x : p) x = std::log(x / total);
  return p;
}

// The best hypothesis for each of `batch` sequences.
std::vector<nn::Hypothesis> search(int64_t batch, const nn::BeamOptions& o) {
  std::vector<int64_t> before(static_cast<size_t>(batch));
  const nn::Decoder decoder{.next = [&](const Tensor& tokens) -> nn::DecoderStep {
                              const auto last = tokens.to_vector<int64_t>();
                              const Tensor logits = empty({tokens.size(0), V});
                              REQUIRE(before.size() == last.size());
                              for (size_t i = 0; i < last.size(); ++i) {
                                const auto p = next(before[i], last[i]);
                                for (size_t v = 0; v < V; ++v)
                                  logits.data<float>()[i * V + v] = static_cast<float>(p[v]);
                              }
                              before = last;
                              return {logits, {}};
                            },
                            .reorder =
                                [&](const Tensor& rows, bool) {
                                  std::vector<int64_t> now;
                                  for (const int64_t row : rows.to_vector<int64_t>())
                                    now.push_back(before[static_cast<size_t>(row)]);
                                  before = now;
                                }};
  return nn::beam_search(decoder, batch, o);
}

// The best of all sequences of at most `length` tokens, by trying each.
void try_all(std::vector<int64_t>& tokens, double sum, size_t length, double penalty, double& best,
             std::vector<int64_t>& at) {
  const int64_t last = tokens.empty() ? 2 : tokens.back(), before = tokens.size() > 1
                                                                        ? tokens[tokens.size() - 2]
                                                                    : tokens.empty() ? 0
                                                                                     : 2;
  const auto p = next(before, last);
  const double ended =
      (sum + p[kEos]) / std::pow((5.0 + static_cast<double>(tokens.size())) / 6.0, penalty);
  if (ended > best) best = ended, at = tokens;
  if (tokens.size() == length) return;
  for (int64_t v = 0; v < V; ++v) {
    if (v == kEos) continue;
    tokens.push_back(v);
    try_all(tokens, sum + p[static_cast<size_t>(v)], length, penalty, best, at);
    tokens.pop_back();
  }
}

}  // namespace

TEST_CASE("beam search: a wide beam finds what trying everything finds") {
  for (const double penalty : {0.0, 0.6, 1.5}) {
    CAPTURE(penalty);
    std::vector<int64_t> tokens, best;
    double score = -INFINITY;
    try_all(tokens, 0, 4, penalty, score, best);
    const auto found = search(2, {.beam = 300, .length_penalty = penalty, .max_length = 4});
    for (const auto& h : found) {
      CHECK(h.tokens == best);
      CHECK(h.score == doctest::Approx(score).epsilon(1e-5));
    }
  }
}

TEST_CASE("beam search: greedy takes the most probable token each time") {
  const auto found = search(1, {.beam = 1, .length_penalty = 0, .max_length = 6});
  std::vector<int64_t> expected;
  int64_t before = 0, last = 2;
  while (expected.size() < 6) {
    const auto p = next(before, last);
    const int64_t token = std::max_element(p.begin(), p.end()) - p.begin();
    if (token == kEos) break;
    expected.push_back(token);
    before = last;
    last = token;
  }
  CHECK(found[0].tokens == expected);
  CHECK(message_of<ValueError>([] { search(1, {.beam = 0}); }) ==
        "beam_search: beam = 0 and max_length = 100; both must be at least 1");
  CHECK(message_of<IndexError>([] { search(1, {.suppress = {5}}); }) ==
        "beam_search: suppress contains 5, outside 0..4");
}

namespace {

// Searches with a decoder that returns these logits at every step.
std::vector<nn::Hypothesis> search_of(const std::vector<float>& logits, const nn::BeamOptions& o) {
  const nn::Decoder decoder{.next = [&](const Tensor& tokens) -> nn::DecoderStep {
                              const auto size = static_cast<int64_t>(logits.size());
                              return {from_vector(logits).expand({tokens.size(0), size}), {}};
                            },
                            .reorder = [](const Tensor&, bool) {}};
  return nn::beam_search(decoder, 1, o);
}

}  // namespace

TEST_CASE("beam search: logits that say nothing, and tokens that are none, are refused") {
  constexpr float kInf = INFINITY;
  for (const int64_t beam : {1, 2}) {
    CAPTURE(beam);
    const nn::BeamOptions o{.beam = beam, .max_length = 4, .eos = 1};
    for (const std::vector<float>& bad : {std::vector<float>{0, NAN, 1},
                                          {NAN, 0, 1},
                                          {0, 1, kInf},
                                          {0, -kInf, kInf},
                                          {-kInf, -kInf, -kInf}})
      CHECK(message_of<ValueError>([&] { search_of(bad, o); }) ==
            "beam_search: the logits of hypothesis 0 contain NaN or inf, or are all -inf");
    CHECK(search_of({0, -kInf, 1}, o)[0].tokens == std::vector<int64_t>(4, 2));
    CHECK(message_of<ValueError>([&] {
            search_of({0, -kInf, -kInf}, {.beam = beam, .eos = 1, .suppress = {0}});
          }) ==
          "beam_search: sequence 0 cannot be continued after 0 tokens: every token is suppressed "
          "or has a logit of -inf");
    for (const int64_t eos : {int64_t{-1}, int64_t{3}, int64_t{1} << 40})
      CHECK(message_of<IndexError>([&] {
              search_of({0, 1, 2}, {.beam = beam, .eos = eos});
            }) == "beam_search: eos is " + std::to_string(eos) + ", outside 0..2");
  }
  CHECK(search_of({0, 1, 2}, {.beam = INT64_MAX, .max_length = 2, .eos = 0}).size() == 1);
  for (const double penalty : {double(NAN), double(INFINITY)})
    CHECK(message_of<ValueError>([&] { search_of({0}, {.length_penalty = penalty, .eos = 0}); }) ==
          fmt::format("beam_search: a batch of 1 and length_penalty = {}; the batch must not be "
                      "negative, and the penalty finite",
                      penalty));
}

TEST_CASE("beam search: a decoder that makes tensors of other shapes is refused") {
  const auto refuse = [](const Tensor& logits, const Tensor& attention) {
    const nn::Decoder decoder{.next = [&](const Tensor&) -> nn::DecoderStep {
                                return {logits, attention};
                              },
                              .reorder = [](const Tensor&, bool) {}};
    return message_of<ShapeError>([&] { nn::beam_search(decoder, 2); });
  };
  CHECK(refuse({}, {}) ==
        "beam_search: the decoder returned logits (undefined) for 2 hypotheses; expected [2, "
        "V]");
  CHECK(refuse(zeros({1, 9}), {}) ==
        "beam_search: the decoder returned logits [1, 9] for 2 hypotheses; expected [2, V]");
  CHECK(refuse(zeros({2, 9}), zeros({2})) ==
        "beam_search: the decoder's attention is [2] for 2 hypotheses; expected [2, S]");
}

TEST_CASE("beam search: suppressed tokens are never chosen, the others as before") {
  const auto without = [](int64_t beam, std::vector<int64_t> suppress) {
    return search(1, {.beam = beam, .max_length = 6, .suppress = std::move(suppress)})[0];
  };
  for (const int64_t beam : {1, 4, 50}) {
    CAPTURE(beam);
    const nn::Hypothesis free = without(beam, {});
    REQUIRE(!free.tokens.empty());
    const int64_t first = free.tokens[0];
    for (const int64_t token : without(beam, {first}).tokens) CHECK(token != first);
    // If only one token besides the end is left, every hypothesis consists of it.
    const nn::Hypothesis one = without(beam, {0, 1, 2});
    for (const int64_t token : one.tokens) CHECK(token == 4);
    CHECK(std::isfinite(one.score));
    const nn::Hypothesis endless = without(beam, {kEos});
    CHECK(endless.tokens.size() == 6);
    CHECK(std::isfinite(endless.score));
  }
}

TEST_CASE("seq2seq: what a batch translates is what each sentence alone translates") {
  for (const auto score : {nn::Score::additive, nn::Score::local_p, nn::Score::none}) {
    for (const auto cell : {RnnCell::lstm, RnnCell::gru}) {
      CAPTURE(nn::name(score));
      const nn::Params params(3);
      const nn::Seq2Seq model(params / "m", {.source_vocab_size = 12,
                                             .target_vocab_size = 9,
                                             .embed_dim = 6,
                                             .hidden_size = 8,
                                             .cell = cell,
                                             .score = score,
                                             .dropout = 0});
      const Tensor source = tensor({{4, 5, 6, 7, 3}, {8, 9, 3, 0, 0}});
      const auto both = model.translate(source, tensor({5, 3}), {.beam = 3, .max_length = 6});
      const auto second = model.translate(source.slice(0, 1, 2).slice(1, 0, 3), tensor({3}),
                                          {.beam = 3, .max_length = 6});
      CHECK(both[1].tokens == second[0].tokens);
      CHECK(both[1].score == doctest::Approx(second[0].score).epsilon(1e-4));
    }
  }
}

TEST_CASE("seq2seq: the loss of teacher forcing is the score of the search") {
  const nn::Params params(3);
  const nn::Seq2Seq model(params / "m", {.source_vocab_size = 12,
                                         .target_vocab_size = 9,
                                         .embed_dim = 6,
                                         .hidden_size = 8,
                                         .dropout = 0});
  const Tensor source = tensor({{4, 5, 6, 7, 3}}), lengths = tensor({5});
  const auto h =
      model.translate(source, lengths, {.beam = 4, .length_penalty = 0, .max_length = 5})[0];
  std::vector<int64_t> target{2};
  target.insert(target.end(), h.tokens.begin(), h.tokens.end());
  if (h.attention.size() > h.tokens.size()) target.push_back(3);
  const double loss = model.loss({source, lengths, from_vector(target).unsqueeze(0)}).item();
  CHECK(-loss * static_cast<double>(target.size() - 1) == doctest::Approx(h.score).epsilon(1e-4));
}

// Regression: the search ended once `beam` hypotheses had, although they were unlikely.
TEST_CASE("beam search: unlikely hypotheses that end early do not stop a likely one") {
  int64_t step = 0;
  const nn::Decoder decoder{
      .next = [&](const Tensor& tokens) -> nn::DecoderStep {
        const bool last = step++ == 6;
        const std::vector<float> p{0.02F, 0.02F, 0.02F, last ? 0.9F : 0.04F, last ? 0.04F : 0.9F};
        return {log(from_vector(p)).expand({tokens.size(0), 5}).contiguous(), {}};
      },
      .reorder = [](const Tensor&, bool) {}};
  const nn::Hypothesis best = nn::beam_search(decoder, 1, {.beam = 2, .length_penalty = 0})[0];
  CHECK(best.tokens == std::vector<int64_t>(6, 4));
  CHECK(best.score == doctest::Approx(7 * std::log(0.9)));
}

// Regression: with a length penalty, greedy search went on past an eos that was the most probable.
TEST_CASE("beam search: greedy ends at the first eos, whatever the length penalty") {
  for (const double penalty : {0.0, 0.6, 1.0, 3.0}) {
    CAPTURE(penalty);
    int64_t step = 0;
    const nn::Decoder decoder{
        .next = [&](const Tensor& tokens) -> nn::DecoderStep {
          const int64_t at = step++;
          std::vector<float> p{0.01F, 0.01F, 0.01F, 0.01F, 0.96F};
          if (at == 4) p = {0.01F, 0.01F, 0.01F, 0.5F, 0.47F};
          if (at > 4) p = {0.01F, 0.01F, 0.01F, 0.96F, 0.01F};
          return {log(from_vector(p)).expand({tokens.size(0), 5}).contiguous(), {}};
        },
        .reorder = [](const Tensor&, bool) {}};
    const nn::BeamOptions o{.beam = 1, .length_penalty = penalty};
    CHECK(nn::beam_search(decoder, 1, o)[0].tokens == std::vector<int64_t>(4, 4));
  }
}

}  // namespace tapehead::beam_search_test
