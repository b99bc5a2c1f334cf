#include "tapehead/nn/models/transformer.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

TransformerOptions options_of(const TransformerConfig& c) {
  return {.width = c.width,
          .heads = c.heads,
          .hidden = c.hidden,
          .layers = c.layers,
          .dropout = c.dropout,
          .inner_dropout = c.inner_dropout,
          .pre_norm = c.pre_norm};
}

EmbeddingOptions embedding_options(const TransformerConfig& c) {
  return {.padding_idx = c.pad, .init = init::normal(1 / std::sqrt(static_cast<double>(c.width)))};
}

}  // namespace

Transformer::Transformer(const Scope& at, const TransformerConfig& c)
    : config_(c),
      source_(at / (c.tied ? "embedding" : "source"), c.source_vocab, c.width,
              embedding_options(c)),
      dropout_(at / "dropout", c.dropout),
      encoder_(at / "encoder", options_of(c)),
      decoder_(at / "decoder", options_of(c)) {
  if (!c.tied) target_.emplace(at / "target", c.target_vocab, c.width, embedding_options(c));
  else if (c.source_vocab != c.target_vocab)
    throw ValueError(fmt::format(
        "transformer: vocabularies of {} and {} cannot have one embedding; leave `tied` out",
        c.source_vocab, c.target_vocab));
}

Tensor Transformer::embed(const Embedding& embedding, const Tensor& ids, int64_t start) const {
  const Tensor x = embedding(ids) * std::sqrt(static_cast<double>(config_.width));
  return dropout_(x + sinusoidal_positions(ids.size(1), config_.width, start).to(x.dtype()));
}

Tensor Transformer::encode(const Tensor& source, const Tensor& lengths) const {
  return encoder_(embed(source_, source, 0), {.lengths = lengths});
}

Tensor Transformer::logits(const Tensor& x) const { return linear(x, target().weight); }

Tensor Transformer::operator()(const Seq2SeqBatch& batch) const {
  const Tensor memory = encode(batch.source, batch.source_lengths);
  const Tensor given = batch.target.slice(1, 0, batch.target.size(1) - 1);
  const Tensor x = embed(target(), given, 0);
  return logits(decoder_(x, memory, {.lengths = batch.source_lengths}).out);
}

Tensor Transformer::loss(const Seq2SeqBatch& batch, double label_smoothing) const {
  const Tensor wanted = batch.target.slice(1, 1, batch.target.size(1));
  return cross_entropy((*this)(batch), wanted,
                       {.ignore_index = config_.pad, .label_smoothing = label_smoothing});
}

std::vector<Hypothesis> Transformer::translate(const Tensor& source, const Tensor& lengths,
                                               const BeamOptions& options) const {
  const NoGrad off;
  // The state of a hypothesis: the source's length, then for each layer the memory's keys and
  // values and those of what went before.
  DecoderState first{lengths.defined() ? lengths : full({source.size(0)}, source.size(1), i64)};
  for (const DecoderCache& cache : decoder_.start(encode(source, lengths))) {
    const Tensor &k = cache.memory.k, &v = cache.memory.v;
    first.insert(first.end(), {k, v, k.slice(2, 0, 0), v.slice(2, 0, 0)});
  }
  int64_t position = 0;
  const auto decoder = [&](const Tensor& tokens, DecoderState& state) -> DecoderStep {
    std::vector<DecoderCache> caches;
    for (size_t i = 1; i < state.size(); i += 4)
      caches.push_back({KvCache(state[i + 2], state[i + 3]), {state[i], state[i + 1]}});
    const Tensor x = embed(target(), tokens.unsqueeze(1), position++);
    const Attended a = decoder_(x, caches, {.lengths = state[0], .weights_of = WeightsOf{}});
    for (size_t i = 1; i < state.size(); i += 4) {
      state[i + 2] = caches[i / 4].past.keys();
      state[i + 3] = caches[i / 4].past.values();
    }
    return {logits(a.out.squeeze(1)), mean(a.weights, 1).squeeze(1)};
  };
  return beam_search(decoder, first, source.size(0), options);
}

}  // namespace tapehead::nn
