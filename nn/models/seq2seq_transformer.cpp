#include "tapehead/nn/models/seq2seq_transformer.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

EmbeddingOptions embedding_options(const Seq2SeqTransformerConfig& c) {
  const auto C = static_cast<double>(c.transformer.embed_dim);
  return {.padding_idx = c.pad, .init = init::normal(1 / std::sqrt(C))};
}

}  // namespace

Seq2SeqTransformerConfig completed(Seq2SeqTransformerConfig c) {
  c.transformer = completed(c.transformer, {.embed_dim = 256,
                                            .num_heads = 4,
                                            .ffn_dim = 1024,
                                            .num_layers = 4,
                                            .dropout = 0.3,
                                            .attention = {.dropout = 0},
                                            .ffn = {.dropout = 0}});
  return c;
}

Seq2SeqTransformer::Seq2SeqTransformer(const Scope& at, const Seq2SeqTransformerConfig& config)
    : Seq2SeqTransformer(at, completed(config), nullptr) {}

Seq2SeqTransformer::Seq2SeqTransformer(const Scope& at, const Seq2SeqTransformerConfig& c,
                                       std::nullptr_t)
    : source(at / (c.tied ? "embedding" : "source"), c.source_vocab_size, c.transformer.embed_dim,
             embedding_options(c)),
      encoder(at / "encoder", c.transformer),
      decoder(at / "decoder", c.transformer),
      dropout(Dropout(at / "dropout", *c.transformer.dropout)),
      config_(c) {
  if ((c.tied || c.copy) && c.source_vocab_size != c.target_vocab_size)
    throw ValueError(fmt::format(
        "transformer: vocabularies of {} and {}, but a model that is tied or copies has one",
        c.source_vocab_size, c.target_vocab_size));
  const int64_t C = c.transformer.embed_dim;
  if (!c.tied) target.emplace(at / "target", c.target_vocab_size, C, embedding_options(c));
  if (c.copy) {
    copy_attention.emplace(at / "copy_attention", C, C);
    copy.emplace(at / "copy", C, C, C);
  }
}

// What is outside of the vocabulary is read as unk.
Tensor Seq2SeqTransformer::known(const Tensor& ids) const {
  return copy ? known_ids(ids, config_.source_vocab_size, config_.unk) : ids;
}

Tensor Seq2SeqTransformer::embed(const Embedding& embedding, const Tensor& ids,
                                 int64_t start) const {
  const Tensor x =
      embedding(known(ids)) * std::sqrt(static_cast<double>(config_.transformer.embed_dim));
  return dropout(
      x + sinusoidal_positions(ids.size(1), config_.transformer.embed_dim, start).to(x.dtype()));
}

Tensor Seq2SeqTransformer::encode(const Tensor& ids, const Tensor& lengths) const {
  return encoder(embed(source, ids, 0), {.lengths = lengths});
}

Tensor Seq2SeqTransformer::logits(const Tensor& x) const {
  return linear(x, target_embedding().weight);
}

Seq2SeqTransformer::Run Seq2SeqTransformer::run(const data::Seq2SeqBatch& batch) const {
  const Tensor memory = encode(batch.source, batch.source_lengths);
  const Tensor given = batch.target.slice(1, 0, batch.target.size(1) - 1);
  const Tensor x = embed(target_embedding(), given, 0);
  return {decoder(x, memory, {.lengths = batch.source_lengths}).out, x, memory};
}

CopyMix Seq2SeqTransformer::mix(const Tensor& out, const Tensor& embedded, const Tensor& keys,
                                const Tensor& memory, const Tensor& lengths) const {
  const CopyAttention::Result copied = (*copy_attention)(out, keys, memory, lengths);
  return {logits(out), copied.weights, (*copy)(copied.context, out, embedded)};
}

Tensor Seq2SeqTransformer::operator()(const data::Seq2SeqBatch& batch) const {
  const auto [out, x, memory] = run(batch);
  if (!copy) return logits(out);
  return copy_log_probs(mix(out, x, copy_attention->keys(memory), memory, batch.source_lengths),
                        batch.source, extended_vocab(batch.source, config_.source_vocab_size));
}

Tensor Seq2SeqTransformer::loss(const data::Seq2SeqBatch& batch, double label_smoothing) const {
  const Tensor wanted = batch.target.slice(1, 1, batch.target.size(1));
  const auto [out, x, memory] = run(batch);
  if (!copy)
    return cross_entropy(logits(out), wanted,
                         {.ignore_index = config_.pad, .label_smoothing = label_smoothing});
  return copy_loss(mix(out, x, copy_attention->keys(memory), memory, batch.source_lengths),
                   batch.source, wanted,
                   {.ignore_index = config_.pad, .label_smoothing = label_smoothing});
}

std::vector<Hypothesis> Seq2SeqTransformer::translate(const Tensor& ids, const Tensor& lengths,
                                                      const BeamOptions& options) const {
  const NoGradGuard off;
  const int64_t extended = copy ? extended_vocab(ids, config_.source_vocab_size) : 0;
  // What hypotheses of one source share, a row for each hypothesis.
  struct {
    Tensor source, lengths, memory, keys;
  } shared{ids, lengths, encode(ids, lengths), {}};
  std::vector<DecoderCache> caches = decoder.start(shared.memory);
  if (copy) shared.keys = copy_attention->keys(shared.memory);
  int64_t position = 0;
  const Decoder steps{
      .next = [&](const Tensor& tokens) -> DecoderStep {
        const Tensor x = embed(target_embedding(), tokens.unsqueeze(1), position++);
        const AttentionOutput a =
            decoder(x, caches, {.lengths = shared.lengths, .weights_of = WeightsOf{}});
        if (!copy)
          return {logits(a.out.squeeze(1)),
                  a.weights.defined() ? mean(a.weights, 1).squeeze(1) : Tensor()};
        const CopyMix step = mix(a.out, x, shared.keys, shared.memory, shared.lengths);
        return {copy_log_probs(step, shared.source, extended).squeeze(1), step.weights.squeeze(1)};
      },
      .reorder =
          [&](const Tensor& rows, bool same_sources) {
            for (DecoderCache& cache : caches) cache.reorder(rows, same_sources);
            if (same_sources) return;
            for (Tensor* t : {&shared.source, &shared.lengths, &shared.memory, &shared.keys})
              if (t->defined()) *t = index_select(*t, 0, rows);
          }};
  return beam_search(steps, ids.size(0), options);
}

}  // namespace tapehead::nn
