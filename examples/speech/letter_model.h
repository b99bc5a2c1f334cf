// A language model of letters for examples/speech.cpp: a small Transformer over transcripts.
#pragma once

#include <numeric>
#include <set>

#include "tapehead/examples/speech/corpus.h"

namespace speech {

struct LetterModel {
  static constexpr int64_t kLongest = 1 << 20;  // letters: any that a search may make
  static constexpr int64_t kBatch = 2000;       // letters of a batch

  nn::Params params;
  nn::Gpt gpt;

  LetterModel(int64_t vocab_size, const Options& t, uint64_t seed)
      : params(seed),
        gpt(params / "gpt", {.vocab_size = vocab_size,
                             .context = kLongest,
                             .transformer = {.embed_dim = t.lm_size,
                                             .num_heads = 4,
                                             .num_layers = t.lm_layers,
                                             .dropout = 0.1,
                                             .attention = {.rope = RopeOptions{}}}}) {}

  // Mean cross entropy of each letter and of the end of each text.
  Tensor loss(const data::TokenLists& texts) const {
    std::vector<int64_t> all(texts.size());
    std::iota(all.begin(), all.end(), 0);
    const Tensor rows = data::seq2seq_batch(texts, texts, all).target;
    const int64_t U = rows.size(1) - 1;
    const Tensor wanted = rows.narrow(1, 1, U);
    return gpt.loss(rows.narrow(1, 0, U), masked_fill(wanted, wanted == int64_t{data::kPad}, -100));
  }

  // That of all batches of an epoch.
  double mean_loss(data::Loader<data::TokenLists>& batches) const {
    const nn::EvalGuard eval(params);
    double sum = 0, letters = 0;
    batches.seek({});
    for (int64_t i = 0; i < batches.per_epoch(); ++i) {
      const data::TokenLists texts = batches.next();
      auto own = static_cast<double>(texts.size());  // their ends
      for (const int64_t length : data::lengths(texts)) own += static_cast<double>(length);
      sum += loss(texts).item() * own;
      letters += own;
    }
    return sum / letters;
  }
};

// A text without the letters that the recogniser does not know.
inline std::string known_text(const Corpus& c, const std::string& text) {
  std::string known;
  for (const std::string& letter : data::characters(normalized_text(text)))
    known += c.letters.contains(letter) ? letter : " ";
  return normalized_text(known);
}

// The sentences of the training part, and those of --lm-text that dev and test do not have.
inline data::TokenLists sentences_of(const Corpus& c, const Options& t) {
  std::set<std::string> held_out;
  for (const std::string& text : c.dev.texts()) held_out.insert(text);
  for (const Part& part : c.tests)
    for (const std::string& text : part.texts()) held_out.insert(text);
  std::vector<std::string> lines = Part{.clips = c.train.clips}.texts();
  if (!t.lm_text.empty())
    for (const std::string& line : data::read_lines(t.lm_text))
      if (std::string text = known_text(c, line); !held_out.contains(text))
        lines.push_back(std::move(text));
  std::ranges::sort(lines);
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  data::TokenLists texts;
  for (const std::string& line : lines) {
    std::vector<int64_t> ids = c.encode(line);
    if (!ids.empty() && std::ssize(ids) < LetterModel::kBatch) texts.push_back(std::move(ids));
  }
  return texts;
}

// Batches of texts of similar lengths; `texts` must outlive them.
inline data::Loader<data::TokenLists> text_batches(const data::TokenLists& texts, uint64_t seed) {
  std::vector<int64_t> lengths = data::lengths(texts);
  for (int64_t& length : lengths) length = std::min(length, LetterModel::kBatch);
  const auto collate = [&texts](std::span<const int64_t> which) {
    data::TokenLists some;
    for (const int64_t i : which) some.push_back(texts[static_cast<size_t>(i)]);
    return some;
  };
  return {lengths, collate, {.tokens = LetterModel::kBatch, .bucket = true, .seed = seed}};
}

// Trains a language model of sentences in the folder `lm` of --out, or loads the one that is there.
inline void train_letter_model(const LetterModel& lm, const data::TokenLists& sentences,
                               const Corpus& c, const Options& t, const train::Options& o) {
  const std::string folder = o.out + "/lm", path = folder + "/model.safetensors";
  if (o.resume && path_exists(path)) {
    lm.params.load(path);
    return;
  }
  data::TokenLists dev;
  for (const std::string& text : c.dev.texts()) dev.push_back(c.encode(text));
  data::Loader<data::TokenLists> batches = text_batches(sentences, o.seed),
                                 validation = text_batches(dev, o.seed);
  optim::AdamW opt(lm.params, {.lr = 2e-3, .weight_decay = 1e-2});
  const int64_t steps = o.smoke ? 3 : t.lm_epochs * batches.per_epoch();
  optim::WarmupCosineLR schedule(
      opt, {.warmup_steps = std::min<int64_t>(200, steps / 10), .total_steps = steps});
  train::Run run(lm.params, opt, batches,
                 {.out = folder,
                  .steps = steps,
                  .resume = o.resume && path_exists(folder + "/checkpoint.safetensors"),
                  .max_grad_norm = 1.0,
                  .schedule = &schedule,
                  .quiet = o.quiet,
                  .name = "language model"});
  run.evaluate_every_epoch(
      "val_loss", [&] { return lm.mean_loss(validation); }, train::Best::lowest);
  for (const data::TokenLists& batch : run) {
    const Tensor loss = lm.loss(batch);
    loss.backward();
    run.step(loss);
  }
  run.load_best();
  lm.params.save(path);
}

}  // namespace speech
