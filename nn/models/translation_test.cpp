#include "tapehead/nn/models/translation.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/generate.h"
#include "tapehead/nn/models/encoder_decoder.h"
#include "tapehead/nn/models/gpt.h"
#include "tapehead/nn/models/t5.h"
#include "tapehead/tests/expect.h"

using namespace tapehead;

TEST_CASE("translations come back in the order of their sources") {
  data::TokenLists sources;
  for (int64_t i = 0; i < 7; ++i) sources.emplace_back(static_cast<size_t>(i * 3 % 5 + 1), i + 4);
  int64_t calls = 0;
  const auto echo = [&](const Tensor& source, const Tensor& lengths, const nn::BeamOptions&) {
    ++calls;
    std::vector<nn::Hypothesis> out;
    for (int64_t i = 0; i < source.size(0); ++i) {
      std::vector<int64_t> row = source[i].to_vector<int64_t>();
      row.resize(static_cast<size_t>(lengths[i].item<int64_t>()) - 1);
      out.push_back({.tokens = row, .score = 0, .attention = {}});
    }
    return out;
  };
  const auto all = nn::translate_all(echo, sources, {}, 3);
  CHECK(calls == 3);
  REQUIRE(all.size() == sources.size());
  for (size_t i = 0; i < sources.size(); ++i) CHECK(all[i].tokens == sources[i]);
  CHECK(nn::translate_all(echo, {}).empty());
  CHECK_THROWS_WITH_AS(nn::translate_all(echo, sources, {.scorers = {{}}}),
                       "translate_all: options.scorers has scorers, which have the state of one "
                       "search; make them anew for each call of beam_search()",
                       ValueError);
}

TEST_CASE("no decoder makes tokens of NaN, or goes on from tokens outside of its vocabulary") {
  const nn::Params params(1);
  const nn::Gpt gpt(params / "gpt",
                    {.vocab_size = 9,
                     .context = 8,
                     .transformer = {.embed_dim = 8, .num_heads = 2, .num_layers = 1}});
  const nn::T5 t5(params / "t5",
                  {.vocab_size = 9,
                   .transformer = {.embed_dim = 8, .num_heads = 2, .ffn_dim = 8, .num_layers = 1}});
  const nn::EncoderDecoder models[] = {
      nn::Seq2Seq(
          params / "rnn",
          {.source_vocab_size = 9, .target_vocab_size = 9, .embed_dim = 8, .hidden_size = 8}),
      nn::Seq2Seq(params / "rnn_copies", {.source_vocab_size = 9,
                                          .target_vocab_size = 9,
                                          .embed_dim = 8,
                                          .hidden_size = 8,
                                          .tied = true,
                                          .copy = true}),
      nn::Seq2SeqTransformer(params / "transformer",
                             {.source_vocab_size = 9,
                              .target_vocab_size = 9,
                              .transformer = {.embed_dim = 8, .num_heads = 2, .ffn_dim = 8}}),
      nn::Seq2SeqTransformer(params / "transformer_copies",
                             {.source_vocab_size = 9,
                              .target_vocab_size = 9,
                              .transformer = {.embed_dim = 8, .num_heads = 2, .ffn_dim = 8},
                              .tied = true,
                              .copy = true})};
  params.eval();
  const auto decode_all = [&](int64_t token, const nn::BeamOptions& o, const auto& check) {
    for (const nn::EncoderDecoder& model : models) {
      CAPTURE(model.index());
      check([&] { nn::translate_all(model, {{5, token}}, o); });
    }
    check([&] { t5.generate(from_vector(std::vector<int64_t>{5, token}).unsqueeze(0), {}, o); });
    check([&] {
      nn::beam_search(nn::with_caches(gpt),
                      from_vector(std::vector<int64_t>{5, token}).unsqueeze(0), o);
    });
    check([&] { nn::generate(nn::with_caches(gpt), {5, token}, {.length = 2}); });
  };
  const auto fine = [](const auto& f) { CHECK_NOTHROW(f()); };
  const auto outside = [](const auto& f) { CHECK_THROWS_AS(f(), IndexError); };
  const auto no_number = [](const auto& f) {
    const std::string error = testing::error_of<ValueError>(f);
    CAPTURE(error);
    CHECK((error == "sample: the logits of row 0 contain NaN" ||
           error == "beam_search: the logits of hypothesis 0 contain NaN or inf, or are all -inf"));
  };
  for (const int64_t beam : {1, 3}) {
    const nn::BeamOptions o{.beam = beam, .max_length = 4};
    decode_all(6, o, fine);
    decode_all(-1, o, outside);
  }
  const NoGradGuard off;
  for (const nn::Param& p : params.all()) p.value.fill_(NAN);
  for (const int64_t beam : {1, 3}) decode_all(6, {.beam = beam, .max_length = 4}, no_number);
}
