#include "tapehead/nn/models/seq2seq.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/gradcheck.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/rnn.h"

namespace tapehead::seq2seq_test {

using nn::Score;

namespace {

using Rows = std::vector<std::vector<int64_t>>;

constexpr int64_t kPad = 0, kBos = 2, kEos = 3, kVocab = 9;
constexpr Score kScores[] = {Score::none,     Score::dot,     Score::scaled_dot,
                             Score::general,  Score::concat,  Score::additive,
                             Score::location, Score::local_m, Score::local_p};

nn::Seq2SeqConfig small(Score score, RnnCell cell, int64_t hidden) {
  return {.source_vocab_size = kVocab,
          .target_vocab_size = kVocab,
          .embed_dim = hidden,
          .hidden_size = hidden,
          .cell = cell,
          .score = score,
          .coverage = score == Score::additive,
          .dropout = 0,
          .positions = 8};
}

Tensor padded(const Rows& rows) {
  size_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, row.size());
  std::vector<int64_t> all;
  for (std::vector<int64_t> row : rows) {
    row.resize(longest, kPad);
    all.insert(all.end(), row.begin(), row.end());
  }
  return from_vector(all).reshape({static_cast<int64_t>(rows.size()), -1});
}

// The sources, padded, and targets that copy them.
data::Seq2SeqBatch copies(const Rows& words) {
  Rows source, target;
  for (const auto& row : words) {
    source.push_back(row);
    source.back().push_back(kEos);
    target.push_back({kBos});
    target.back().insert(target.back().end(), source.back().begin(), source.back().end());
  }
  std::vector<int64_t> lengths;
  for (const auto& row : source) lengths.push_back(static_cast<int64_t>(row.size()));
  return {padded(source), from_vector(lengths), padded(target)};
}

Rows random_words(int64_t count) {
  Rows words(static_cast<size_t>(count));
  for (size_t i = 0; i < words.size(); ++i)
    words[i] = randint(4, kVocab, {2 + static_cast<int64_t>(i) % 4}).to_vector<int64_t>();
  return words;
}

struct Model {
  nn::Params params;
  nn::Seq2Seq seq2seq;
  explicit Model(const nn::Seq2SeqConfig& config, DType dtype = f32, uint64_t seed = 3)
      : params(seed), seq2seq(params / "model", config) {
    params.to(dtype);
  }
};

// One token after the other by the training pass over what was written so far.
std::vector<int64_t> greedy(const nn::Seq2Seq& model, const std::vector<int64_t>& word,
                            int64_t longest) {
  std::vector<int64_t> target{kBos};
  while (static_cast<int64_t>(target.size()) <= longest) {
    data::Seq2SeqBatch batch = copies({word});
    Rows rows{target};
    rows[0].push_back(kEos);
    batch.target = padded(rows);
    const Tensor logits = model(batch);
    const auto next = argmax(logits.select(1, logits.size(1) - 1), -1).to_vector<int64_t>()[0];
    if (next == kEos) break;
    target.push_back(next);
  }
  return {target.begin() + 1, target.end()};
}

}  // namespace

TEST_CASE("seq2seq: with each score and cell the loss falls on a copying task" *
          doctest::test_suite("long")) {
  for (const Score score : kScores) {
    for (const RnnCell cell : {RnnCell::gru, RnnCell::lstm}) {
      CAPTURE(nn::name(score));
      CAPTURE(static_cast<int>(cell));
      manual_seed(1);
      const Model model(small(score, cell, 16));
      const data::Seq2SeqBatch batch = copies(random_words(24));
      double first = 0, last = 0;
      for (int step = 0; step < 40; ++step) {
        model.params.zero_grad();
        const Tensor loss = model.seq2seq.loss(batch);
        loss.backward();
        for (const nn::Param& p : model.params.trainable())
          if (p.value.grad().defined()) {
            const NoGradGuard no_grad;
            Tensor value = p.value;
            value.add_(p.value.grad() * -0.5);
          }
        last = loss.item();
        if (step == 0) first = last;
      }
      CHECK(first == doctest::Approx(std::log(double(kVocab))).epsilon(0.2));
      CHECK(last < 0.8 * first);
    }
  }
}

TEST_CASE("seq2seq: the gradient of the whole loss is right") {
  manual_seed(2);
  const data::Seq2SeqBatch batch = copies({{4, 5, 6}, {7}});
  for (const Score score : kScores) {
    for (const RnnCell cell : {RnnCell::gru, RnnCell::lstm, RnnCell::tanh}) {
      CAPTURE(nn::name(score));
      CAPTURE(static_cast<int>(cell));
      const Model model(small(score, cell, 4), f64);
      std::vector<Tensor> weights;
      for (const nn::Param& p : model.params.trainable()) weights.push_back(p.value);
      gradcheck([&](const std::vector<Tensor>&) { return model.seq2seq.loss(batch, 0.1); }, weights,
                {.directions = 4});
    }
  }
}

TEST_CASE("seq2seq: a beam of one writes what the training pass finds most probable") {
  manual_seed(3);
  const Rows words = random_words(6);
  const data::Seq2SeqBatch batch = copies(words);
  for (const Score score : kScores) {
    for (const bool feeding : {true, false}) {
      CAPTURE(nn::name(score));
      CAPTURE(feeding);
      nn::Seq2SeqConfig config = small(score, feeding ? RnnCell::lstm : RnnCell::gru, 6);
      config.input_feeding = feeding;
      config.num_layers = feeding ? 1 : 2;
      const Model model(config, f64);
      const auto found =
          model.seq2seq.translate(batch.source, batch.source_lengths,
                                  {.beam = 1, .max_length = 5, .bos = kBos, .eos = kEos});
      for (size_t i = 0; i < words.size(); ++i) {
        CAPTURE(i);
        CHECK(found[i].tokens == greedy(model.seq2seq, words[i], 5));
        if (score == Score::none) CHECK(found[i].attention.empty());
        else CHECK(found[i].attention.size() >= found[i].tokens.size());
      }
    }
  }
}

TEST_CASE("seq2seq: padding changes nothing") {
  manual_seed(4);
  for (const Score score : kScores) {
    CAPTURE(nn::name(score));
    const Model model(small(score, RnnCell::gru, 6), f64);
    const data::Seq2SeqBatch tight = copies({{4, 5, 8, 6}, {7, 4}});
    const Tensor padding = full({2, 3}, kPad, i64);
    const data::Seq2SeqBatch wide{cat({tight.source, padding}, 1), tight.source_lengths,
                                  cat({tight.target, padding}, 1)};
    CHECK(model.seq2seq.loss(wide).item() ==
          doctest::Approx(model.seq2seq.loss(tight).item()).epsilon(1e-12));
    const nn::BeamOptions search{.beam = 3, .max_length = 5, .bos = kBos, .eos = kEos};
    const auto together = model.seq2seq.translate(wide.source, wide.source_lengths, search);
    const data::Seq2SeqBatch alone = copies({{7, 4}});
    const auto single = model.seq2seq.translate(alone.source, alone.source_lengths, search);
    CHECK(together[1].tokens == single[0].tokens);
    CHECK(together[1].score == doctest::Approx(single[0].score).epsilon(1e-12));
  }
}

TEST_CASE("seq2seq: in every type of numbers the loss has that type") {
  const data::Seq2SeqBatch batch = copies({{4, 5, 6}, {7}});
  for (const DType dtype : {f32, f64, bf16}) {
    CAPTURE(name(dtype));
    const Model model(small(Score::additive, RnnCell::lstm, 6), dtype);
    CHECK(model.seq2seq.loss(batch).dtype() == dtype);
  }
}

}  // namespace tapehead::seq2seq_test
