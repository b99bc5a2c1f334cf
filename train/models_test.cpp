// Models learn what they are made for.
#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/generate.h"
#include "tapehead/nn/models/gpt.h"
#include "tapehead/nn/models/transformer.h"
#include "tapehead/optim/adam.h"

using namespace tapehead;

TEST_CASE("GPT learns a sequence by heart") {
  nn::Params params(1);
  const nn::Gpt gpt(params / "gpt",
                    {.vocab = 11, .context = 16, .width = 16, .heads = 4, .layers = 2});
  optim::AdamW opt(params, {.lr = 1e-2});
  const std::vector<int64_t> text{1, 5, 2, 8, 8, 3, 9, 1, 7, 4, 6, 5, 10, 2};
  const Tensor ids = from_vector(text).unsqueeze(0);
  for (int step = 0; step < 60; ++step) {
    opt.zero_grad();
    gpt.loss(ids.slice(1, 0, 13), ids.slice(1, 1, 14)).backward();
    opt.step();
  }
  auto caches = gpt.caches();
  const std::vector<std::vector<int64_t>> made =
      nn::generate([&](const Tensor& t) { return gpt(t, caches); }, {1, 5, 2},
                   {.sampling = {.temperature = 0}, .length = 11}, 2);
  const std::vector<int64_t> rest(text.begin() + 3, text.end());
  CHECK(made == std::vector<std::vector<int64_t>>{rest, rest});
}

TEST_CASE("a Transformer learns to reverse, and decodes as it was trained") {
  manual_seed(5);
  constexpr int64_t kLength = 4, kVocab = 10;
  nn::Params params(7);
  const nn::Transformer model(params / "model", {.source_vocab = kVocab,
                                                 .target_vocab = kVocab,
                                                 .width = 32,
                                                 .heads = 2,
                                                 .hidden = 64,
                                                 .layers = 1,
                                                 .dropout = 0,
                                                 .tied = true});
  optim::AdamW opt(params, {.lr = 5e-3});
  const auto batch = [&] {
    const Tensor words = randint(4, kVocab, {32, kLength});
    const Tensor ends = full({32, 1}, 3), starts = full({32, 1}, 2);
    return nn::Seq2SeqBatch{cat({words, ends}, 1), full({32}, kLength + 1),
                            cat({starts, flip(words, 1), ends}, 1)};
  };
  for (int step = 0; step < 200; ++step) {
    opt.zero_grad();
    model.loss(batch()).backward();
    opt.step();
  }
  params.eval();
  const nn::Seq2SeqBatch test = batch();
  const auto greedy = model.translate(test.source, test.source_lengths, {.beam = 1});
  const auto beam = model.translate(test.source, test.source_lengths, {.beam = 3});
  const std::vector<int64_t> wanted = test.target.slice(1, 1, kLength + 1).to_vector<int64_t>();
  int64_t right = 0;
  for (size_t i = 0; i < greedy.size(); ++i) {
    const std::vector<int64_t> target(wanted.begin() + static_cast<int64_t>(i) * kLength,
                                      wanted.begin() + static_cast<int64_t>(i + 1) * kLength);
    right += greedy[i].tokens == target;
    CHECK(greedy[i].attention.size() == greedy[i].tokens.size() + 1);
    CHECK(beam[i].score >= greedy[i].score - 1e-4);
  }
  CHECK(right >= 31);
}
