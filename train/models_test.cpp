// Models learn small tasks of their kind.
#include <doctest/doctest.h>

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/generate.h"
#include "tapehead/nn/models/gpt.h"
#include "tapehead/nn/models/seq2seq_transformer.h"
#include "tapehead/optim/adamw.h"
#include "tapehead/optim/lr_scheduler.h"

using namespace tapehead;

TEST_CASE("GPT learns a sequence by heart") {
  nn::Params params(1);
  const nn::Gpt gpt(params / "gpt",
                    {.vocab_size = 11,
                     .context = 16,
                     .transformer = {.embed_dim = 16, .num_heads = 4, .num_layers = 2}});
  optim::AdamW opt(params, {.lr = 1e-2});
  const std::vector<int64_t> text{1, 5, 2, 8, 8, 3, 9, 1, 7, 4, 6, 5, 10, 2};
  const Tensor ids = from_vector(text).unsqueeze(0);
  for (int step = 0; step < 60; ++step) {
    opt.zero_grad();
    gpt.loss(ids.slice(1, 0, 13), ids.slice(1, 1, 14)).backward();
    opt.step();
  }
  const std::vector<std::vector<int64_t>> made = nn::generate(
      nn::with_caches(gpt), {1, 5, 2}, {.sampling = {.temperature = 0}, .length = 11}, 2);
  const std::vector<int64_t> rest(text.begin() + 3, text.end());
  CHECK(made == std::vector<std::vector<int64_t>>{rest, rest});
}

namespace {

constexpr int64_t kLength = 4, kVocab = 10;

// Random words as the source, reversed as the target.
data::Seq2SeqBatch reversed_words() {
  const Tensor words = randint(4, kVocab, {32, kLength});
  const Tensor ends = full({32, 1}, 3), starts = full({32, 1}, 2);
  return {cat({words, ends}, 1), full({32}, kLength + 1), cat({starts, flip(words, 1), ends}, 1)};
}

// The score of a hypothesis, computed by the forward pass of training.
double score_in_training(const nn::Seq2SeqTransformer& model, const Tensor& source,
                         const nn::Hypothesis& found) {
  std::vector<int64_t> target{2};
  target.insert(target.end(), found.tokens.begin(), found.tokens.end());
  target.push_back(3);
  const nn::BeamOptions o;
  const auto length = static_cast<double>(found.tokens.size());
  const double mean =
      model.loss({source.unsqueeze(0), full({1}, source.size(0)), from_vector(target).unsqueeze(0)})
          .item();
  return -mean * (length + 1) / std::pow((5 + length) / 6, o.length_penalty);
}

}  // namespace

TEST_CASE("a Transformer learns to reverse, and decodes as it was trained" *
          doctest::test_suite("long")) {
  manual_seed(5);
  nn::Params params(7);
  const nn::Seq2SeqTransformer model(params / "model", {.source_vocab_size = kVocab,
                                                        .target_vocab_size = kVocab,
                                                        .transformer = {.embed_dim = 32,
                                                                        .num_heads = 2,
                                                                        .ffn_dim = 64,
                                                                        .num_layers = 1,
                                                                        .dropout = 0},
                                                        .tied = true});
  optim::AdamW opt(params, {.lr = 5e-3});
  optim::WarmupCosineLR schedule(opt, {.warmup_steps = 20, .total_steps = 300});
  for (int step = 0; step < 300; ++step) {
    opt.zero_grad();
    model.loss(reversed_words()).backward();
    opt.step();
    schedule.step();
  }
  params.eval();
  const data::Seq2SeqBatch test = reversed_words();
  const std::vector<int64_t> wanted = test.target.slice(1, 1, kLength + 1).to_vector<int64_t>();
  for (const int64_t beam : {1, 3}) {
    CAPTURE(beam);
    const auto found = model.translate(test.source, test.source_lengths, {.beam = beam});
    int64_t right = 0;
    for (size_t i = 0; i < found.size(); ++i) {
      CAPTURE(i);
      const auto first = wanted.begin() + static_cast<int64_t>(i) * kLength;
      right += found[i].tokens == std::vector<int64_t>(first, first + kLength);
      CHECK(found[i].attention.size() == found[i].tokens.size() + 1);
      const Tensor source = test.source.select(0, static_cast<int64_t>(i));
      CHECK(found[i].score == doctest::Approx(score_in_training(model, source, found[i])));
    }
    CHECK(right >= 31);
  }
}
