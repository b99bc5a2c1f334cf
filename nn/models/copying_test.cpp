// Both encoder-decoders with copying.
#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/models/encoder_decoder.h"
#include "tapehead/tests/expect.h"

namespace tapehead::copying_test {

using testing::error_of;

namespace {

constexpr int64_t kVocab = 9;

nn::Seq2SeqConfig rnn_config() {
  return {.source_vocab_size = kVocab,
          .target_vocab_size = kVocab,
          .embed_dim = 6,
          .hidden_size = 8,
          .dropout = 0,
          .tied = true,
          .copy = true};
}
nn::Seq2SeqTransformerConfig transformer_config() {
  return {
      .source_vocab_size = kVocab,
      .target_vocab_size = kVocab,
      .transformer = {.embed_dim = 8, .num_heads = 2, .ffn_dim = 12, .num_layers = 2, .dropout = 0},
      .tied = true,
      .copy = true};
}

// Ids from 9 on are words that only the source has.
data::Seq2SeqBatch some_batch() {
  return data::seq2seq_batch({{4, 9, 5, 10}, {6, 9}}, {{9, 5, 10, 7}, {9, 9}},
                             std::vector<int64_t>{0, 1});
}

std::vector<nn::EncoderDecoder> both(const nn::Params& params) {
  return {nn::Seq2Seq(params / "rnn", rnn_config()),
          nn::Seq2SeqTransformer(params / "transformer", transformer_config())};
}

}  // namespace

TEST_CASE("a model that copies gives probabilities of all words, and the loss by them") {
  nn::Params params(1);
  for (const nn::EncoderDecoder& model : both(params)) {
    CAPTURE(model.index());
    params.to(f64);
    const data::Seq2SeqBatch batch = some_batch();
    const Tensor p = std::visit([&](const auto& m) { return m(batch); }, model);
    REQUIRE(p.shape() == Shape{2, 5, kVocab + 2});
    CHECK(max(abs(sum(exp(p), {-1}) - 1)).item() < 1e-12);
    CHECK(std::isinf(p[1][0][10].item()));  // the second source lacks it
    const Tensor wanted = batch.target.slice(1, 1, batch.target.size(1));
    const Tensor loss = nn::loss(model, batch);
    CHECK(loss.item() == doctest::Approx(nll_loss(p, wanted, {.ignore_index = 0}).item()));
    loss.backward();
    std::vector<Tensor> weights;
    for (const nn::Param& param : params.trainable())
      if (param.path.starts_with(model.index() == 0 ? "rnn" : "transformer")) {
        CAPTURE(param.path);
        CHECK((!param.value.grad().defined() || all(isfinite(param.value.grad())).item<bool>()));
        if (param.value.grad().defined()) weights.push_back(param.value);
      }
    gradcheck([&](const std::vector<Tensor>&) { return std::vector{nn::loss(model, batch)}; },
              weights, {.directions = 2});
  }
}

TEST_CASE("what a model that copies writes has the score of its probabilities") {
  nn::Params params(2);
  for (const nn::EncoderDecoder& model : both(params)) {
    CAPTURE(model.index());
    params.to(f64);
    const data::Seq2SeqBatch batch = some_batch();
    const auto found = nn::translate_all(model, {{4, 9, 5, 10}, {6, 9}},
                                         {.beam = 4, .length_penalty = 0, .max_length = 6});
    for (int64_t b = 0; b < 2; ++b) {
      const nn::Hypothesis& h = found[static_cast<size_t>(b)];
      if (h.attention.size() == h.tokens.size()) continue;  // it did not end
      std::vector<int64_t> line = h.tokens;
      line.insert(line.begin(), 2);
      line.push_back(3);
      const data::Seq2SeqBatch one{batch.source.slice(0, b, b + 1),
                                   batch.source_lengths.slice(0, b, b + 1),
                                   from_vector(line).unsqueeze(0)};
      const Tensor loss = nn::loss(model, one);
      CHECK(-loss.item() * static_cast<double>(line.size() - 1) ==
            doctest::Approx(h.score).epsilon(1e-5));
      for (const int64_t id : h.tokens) CHECK(id < (b == 0 ? 11 : 10));
      for (const std::vector<float>& row : h.attention)
        CHECK(std::accumulate(row.begin(), row.end(), 0.0) == doctest::Approx(1));
    }
  }
}

TEST_CASE("models of two vocabularies, or without weights to copy by, say so") {
  nn::Params params;
  auto rnn = rnn_config();
  rnn.target_vocab_size = 7;
  CHECK(error_of<ValueError>([&] { nn::Seq2Seq(params / "a", rnn); }) ==
        "seq2seq: vocabularies of 9 and 7, but a model that is tied or copies has one");
  rnn = rnn_config();
  rnn.score = nn::Score::local_p;
  CHECK(error_of<ValueError>([&] { nn::Seq2Seq(params / "b", rnn); }) ==
        "attention_decoder: the weights of score local_p are no probabilities to copy by; take "
        "another (in b)");
  for (const bool tied : {true, false}) {
    auto transformer = transformer_config();
    transformer.tied = tied;
    transformer.copy = !tied;
    transformer.target_vocab_size = 7;
    CHECK(error_of<ValueError>([&] {
            nn::Seq2SeqTransformer(params / (tied ? "c" : "d"), transformer);
          }) == "transformer: vocabularies of 9 and 7, but a model that is tied or copies has one");
  }
}

}  // namespace tapehead::copying_test
