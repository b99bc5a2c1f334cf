#include "tapehead/nn/models/seq2seq.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

int64_t memory_dim(const Seq2SeqConfig& c) {
  return c.bidirectional ? c.hidden_size / 2 * 2 : c.hidden_size;
}

EmbeddingOptions embedding_options(const Seq2SeqConfig& c) {
  return {.padding_idx = c.pad,
          .init = init::normal(1 / std::sqrt(static_cast<double>(c.embed_dim)))};
}

}  // namespace

Seq2Seq::Seq2Seq(const Scope& at, const Seq2SeqConfig& c)
    : source(at / (c.tied ? "embedding" : "source"), c.source_vocab_size, c.embed_dim,
             embedding_options(c)),
      encoder(at / "encoder", c.embed_dim, c.bidirectional ? c.hidden_size / 2 : c.hidden_size,
              {.cell = c.cell,
               .num_layers = c.num_layers,
               .bidirectional = c.bidirectional,
               .dropout = c.dropout,
               .forget_bias = 1}),
      bridge(Linear(at / "bridge", memory_dim(c), c.hidden_size)),
      decoder(at / "decoder", c.embed_dim * (c.input_feeding ? 2 : 1), c.hidden_size,
              {.cell = c.cell, .forget_bias = 1}),
      attention(at / "attention", {.score = c.score,
                                   .query_dim = c.hidden_size,
                                   .memory_dim = memory_dim(c),
                                   .positions = c.positions,
                                   .coverage = c.coverage}),
      combine(Linear(at / "combine", c.hidden_size + memory_dim(c), c.embed_dim, {.bias = false})),
      output_bias((at / "output").param("bias", {c.target_vocab_size}, init::zeros())),
      dropout(Dropout(at / "dropout", c.dropout)),
      config_(c) {
  if ((c.tied || c.copy) && c.source_vocab_size != c.target_vocab_size)
    throw ValueError(fmt::format(
        "seq2seq: vocabularies of {} and {}, but a model that is tied or copies has one",
        c.source_vocab_size, c.target_vocab_size));
  if (c.copy && (c.score == Score::none || c.score == Score::local_p))
    throw ValueError(fmt::format(
        "seq2seq: the weights of score {} are no probabilities to copy by; take another",
        name(c.score)));
  if (!c.tied)
    target.emplace(at / "target", c.target_vocab_size, c.embed_dim, embedding_options(c));
  if (c.copy) copy.emplace(at / "copy", memory_dim(c), c.hidden_size, c.embed_dim);
  if (c.cell == RnnCell::lstm)
    bridge_cell = Linear(at / "bridge_cell", memory_dim(c), c.hidden_size);
}

std::pair<AttentionMemory, Seq2Seq::Step> Seq2Seq::encode(const Tensor& ids,
                                                          const Tensor& lengths) const {
  const RnnOutput r = encoder(dropout(source(known(ids))), lengths);
  // The last layer's directions side by side: [B, M].
  const auto last = [&](const Tensor& s) {
    const int64_t n = s.size(0);
    return config_.bidirectional ? cat({s[n - 2], s[n - 1]}, -1) : s[n - 1];
  };
  Step step;
  step.state.h = tanh(bridge(last(r.state.h)));
  if (bridge_cell) step.state.c = bridge_cell(last(r.state.c));
  const DType dtype = r.out.dtype();
  step.attentional = zeros({ids.size(0), config_.embed_dim}, dtype);
  if (config_.coverage) step.coverage = zeros({ids.size(0), ids.size(1)}, dtype);
  return {attention.prepare(dropout(r.out), lengths), step};
}

void Seq2Seq::advance(const Tensor& embedded, const AttentionMemory& memory, int64_t t,
                      Step& step) const {
  const Tensor input = config_.input_feeding ? cat({embedded, step.attentional}, -1) : embedded;
  step.state = decoder(input, step.state);
  const SequenceAttentionOutput attended = attention(step.state.h, memory, t, step.coverage);
  step.attentional = dropout(tanh(combine(cat({step.state.h, attended.context}, -1))));
  step.weights = attended.weights;
  if (config_.coverage) step.coverage = step.coverage + attended.weights;
  if (copy) step.gate = (*copy)(attended.context, step.state.h, embedded);
}

// What is outside of the vocabulary is read as unk.
Tensor Seq2Seq::known(const Tensor& ids) const {
  return copy ? known_ids(ids, config_.source_vocab_size, config_.unk) : ids;
}

Tensor Seq2Seq::logits(const Tensor& attentional) const {
  return linear(attentional, target_embedding().weight, output_bias);
}

Seq2Seq::Steps Seq2Seq::run(const data::Seq2SeqBatch& batch) const {
  const int64_t steps = batch.target.size(1) - 1;
  if (steps < 1)
    throw ShapeError(
        fmt::format("seq2seq: the target is {}; expected [B, T] of a first token and at least one "
                    "that follows",
                    batch.target.shape().str()));
  auto [memory, step] = encode(batch.source, batch.source_lengths);
  const std::vector<Tensor> embedded =
      unbind(dropout(target_embedding()(known(batch.target.slice(1, 0, steps)))), 1);
  std::vector<Tensor> attentional, weights, gate;
  for (int64_t t = 0; t < steps; ++t) {
    advance(embedded[static_cast<size_t>(t)], memory, t, step);
    attentional.push_back(step.attentional);
    if (!copy) continue;
    weights.push_back(step.weights);
    gate.push_back(step.gate);
  }
  if (!copy) return {tapehead::stack(attentional, 1), {}, {}};
  return {tapehead::stack(attentional, 1), tapehead::stack(weights, 1), tapehead::stack(gate, 1)};
}

Tensor Seq2Seq::operator()(const data::Seq2SeqBatch& batch) const {
  const Steps s = run(batch);
  if (!copy) return logits(s.attentional);
  return copy_log_probs({logits(s.attentional), s.weights, s.gate}, batch.source,
                        extended_vocab(batch.source, config_.source_vocab_size));
}

Tensor Seq2Seq::loss(const data::Seq2SeqBatch& batch, double label_smoothing) const {
  const Tensor wanted = batch.target.slice(1, 1, batch.target.size(1));
  const Steps s = run(batch);
  if (!copy)
    return cross_entropy(logits(s.attentional), wanted,
                         {.ignore_index = config_.pad, .label_smoothing = label_smoothing});
  return copy_loss({logits(s.attentional), s.weights, s.gate}, batch.source, wanted,
                   {.ignore_index = config_.pad, .label_smoothing = label_smoothing});
}

std::vector<Hypothesis> Seq2Seq::translate(const Tensor& ids, const Tensor& lengths,
                                           const BeamOptions& o) const {
  const NoGradGuard no_grad;
  auto encoded = encode(ids, lengths);
  auto& memory = encoded.first;  // not a structured binding, which clang 14 does not capture
  auto& step = encoded.second;
  const int64_t extended = copy ? extended_vocab(ids, config_.source_vocab_size) : 0;
  Tensor copied = ids;  // a row for each hypothesis
  int64_t t = 0;
  const Decoder steps{
      .next = [&](const Tensor& tokens) -> DecoderStep {
        advance(target_embedding()(known(tokens)), memory, t++, step);
        const Tensor scores = logits(step.attentional);
        if (!copy) return {scores, step.weights};
        const CopyMix mix{scores.unsqueeze(1), step.weights.unsqueeze(1), step.gate.unsqueeze(1)};
        return {copy_log_probs(mix, copied, extended).squeeze(1), step.weights};
      },
      .reorder =
          [&](const Tensor& rows, bool same_sources) {
            const auto take = [&](std::initializer_list<Tensor*> tensors) {
              for (Tensor* x : tensors)
                if (x->defined()) *x = index_select(*x, 0, rows);
            };
            take({&step.state.h, &step.state.c, &step.attentional, &step.coverage});
            if (same_sources) return;
            take({&copied, &memory.values, &memory.keys, &memory.lengths, &memory.mask});
          }};
  return beam_search(steps, ids.size(0), o);
}

}  // namespace tapehead::nn
