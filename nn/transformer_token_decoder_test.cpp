#include "tapehead/nn/transformer_token_decoder.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/tests/expect.h"

namespace tapehead::transformer_token_decoder_test {

using testing::error_of;

namespace {

constexpr int64_t kVocab = 9, M = 3, kPad = 0, kBos = 2, kEos = 3;

// Over a memory of another width than the embedding.
nn::TransformerTokenDecoderOptions small(bool copy) {
  return {.vocab_size = kVocab,
          .transformer = {.embed_dim = 8,
                          .num_heads = 2,
                          .ffn_dim = 12,
                          .num_layers = 2,
                          .dropout = 0,
                          .attention = {.memory_dim = M}},
          .copy = copy};
}

struct Model {
  nn::Params params;
  nn::TransformerTokenDecoder decoder;
  explicit Model(bool copy) : params(3), decoder(params / "m", small(copy)) { params.to(f64); }
};

Tensor words(int64_t B, int64_t S) { return (arange(S) + 5).expand({B, S}); }
Tensor targets() { return tensor({{kBos, 4, 5, 6, kEos}, {kBos, 6, kEos, kPad, kPad}}); }

}  // namespace

TEST_CASE("transformer token decoder: gradients, padding and search over any memory") {
  for (const bool copy : {false, true}) {
    CAPTURE(copy);
    manual_seed(1);
    const Model m(copy);
    const Tensor memory = randn({2, 5, M}, f64), lengths = tensor({5, 3});
    std::vector<Tensor> inputs = m.params.parameters();
    inputs.push_back(memory);
    const auto loss = [&](const Tensor& values, const Tensor& target) {
      return m.decoder.loss({values, lengths, words(2, values.size(1))}, target, 0.1);
    };
    gradcheck([&](const std::vector<Tensor>& in) { return loss(in.back(), targets()); }, inputs,
              {.directions = 2});
    const Tensor wide = cat({memory, ones({2, 2, M}, f64)}, 1),
                 longer = cat({targets(), full({2, 2}, kPad, i64)}, 1);
    CHECK(loss(wide, longer).item() ==
          doctest::Approx(loss(memory, targets()).item()).epsilon(1e-12));

    const nn::TokenMemory both{memory, lengths, words(2, 5)};
    const auto found = m.decoder.search(both, {.beam = 1, .length_penalty = 0, .max_length = 5});
    for (int64_t b = 0; b < 2; ++b) {
      CAPTURE(b);
      const int64_t S = lengths[b].item<int64_t>();
      const nn::TokenMemory alone{memory.slice(0, b, b + 1).slice(1, 0, S), {}, words(1, S)};
      std::vector<int64_t> ids{kBos};
      double log_p = 0;
      for (bool ended = false; !ended;) {
        const Tensor scores = m.decoder.scores(alone, from_vector(ids).unsqueeze(0));
        const Tensor row = log_softmax(scores[0][scores.size(1) - 1], -1);
        const auto next = argmax(row, -1).item<int64_t>();
        ended = next == kEos || ids.size() == 6;
        if (next == kEos || !ended) log_p += row[next].item();
        if (!ended) ids.push_back(next);
      }
      const nn::Hypothesis& h = found[static_cast<size_t>(b)];
      CHECK(h.tokens == std::vector<int64_t>(ids.begin() + 1, ids.end()));
      CHECK(h.score == doctest::Approx(log_p));
      CHECK(h.attention.at(0).size() == 5);
    }
  }
}

TEST_CASE("transformer token decoder: defaults and errors") {
  const nn::TransformerOptions o = completed(nn::TransformerTokenDecoderOptions{}).transformer;
  CHECK(o.embed_dim == 256);
  CHECK(*o.dropout == 0.3);
  nn::Params params(1);
  CHECK(error_of<ShapeError>([&] {
          nn::TransformerTokenDecoder(params / "m", small(false),
                                      nn::Embedding(params / "words", kVocab, 5));
        }) == "transformer_token_decoder: the shared embedding is [9, 5]; expected [9, 8] (in m)");
  const Model m(true);
  const nn::TokenMemory memory{ones({2, 4, M}, f64)};
  const std::string no_source =
      "transformer_token_decoder: it copies words of the source, but their ids are undefined; pass "
      "`source`";
  CHECK(error_of<ValueError>([&] { m.decoder.scores(memory, targets()); }) == no_source);
  CHECK(error_of<ValueError>([&] { m.decoder.loss(memory, targets()); }) == no_source);
  CHECK(error_of<ValueError>([&] { m.decoder.search(memory); }) == no_source);
  CHECK(error_of<ShapeError>([&] {
          Model(false).decoder.loss(memory, tensor({1, 2}));
        }) ==
        "transformer_token_decoder: the target is [2]; expected [B, T], a first token and "
        "those that follow it");
}

}  // namespace tapehead::transformer_token_decoder_test
