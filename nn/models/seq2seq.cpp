#include "tapehead/nn/models/seq2seq.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

int64_t memory_width(const Seq2SeqConfig& c) {
  return c.bidirectional ? c.hidden / 2 * 2 : c.hidden;
}

EmbeddingOptions embedding_options(const Seq2SeqConfig& c) {
  return {.padding_idx = c.pad,
          .init = init::normal(1 / std::sqrt(static_cast<double>(c.embedding)))};
}

}  // namespace

Seq2Seq::Seq2Seq(const Scope& at, const Seq2SeqConfig& c)
    : config_(c),
      source_(at / (c.tied ? "embedding" : "source"), c.source_vocab, c.embedding,
              embedding_options(c)),
      encoder_(at / "encoder", c.embedding, c.bidirectional ? c.hidden / 2 : c.hidden,
               {.cell = c.cell,
                .layers = c.layers,
                .bidirectional = c.bidirectional,
                .dropout = c.dropout,
                .forget_bias = 1}),
      bridge_(at / "bridge", memory_width(c), c.hidden),
      decoder_(at / "decoder", c.embedding * (c.input_feeding ? 2 : 1), c.hidden,
               {.cell = c.cell, .forget_bias = 1}),
      attention_(at / "attention", {.score = c.score,
                                    .query = c.hidden,
                                    .memory = memory_width(c),
                                    .positions = c.positions,
                                    .coverage = c.coverage}),
      combine_(at / "combine", c.hidden + memory_width(c), c.embedding, {.bias = false}),
      dropout_(at / "dropout", c.dropout),
      output_bias_((at / "output").param("bias", {c.target_vocab}, init::zeros())) {
  if ((c.tied || c.copy) && c.source_vocab != c.target_vocab)
    throw ValueError(fmt::format(
        "seq2seq: vocabularies of {} and {}, but a model that is tied or copies has one",
        c.source_vocab, c.target_vocab));
  if (c.copy && (c.score == Score::none || c.score == Score::local_p))
    throw ValueError(fmt::format(
        "seq2seq: the weights of score {} are no probabilities to copy by; take another",
        name(c.score)));
  if (!c.tied) target_.emplace(at / "target", c.target_vocab, c.embedding, embedding_options(c));
  if (c.copy) gate_.emplace(at / "copy", memory_width(c), c.hidden, c.embedding);
  if (c.cell == RnnCell::lstm) bridge_cell_.emplace(at / "bridge_cell", memory_width(c), c.hidden);
}

std::pair<AttentionMemory, Seq2Seq::Step> Seq2Seq::encode(const Tensor& source,
                                                          const Tensor& lengths) const {
  const RnnNetResult r = encoder_(dropout_(source_(known(source))), lengths);
  // The last layer's directions side by side: [B, M].
  const auto last = [&](const Tensor& s) {
    const int64_t n = s.size(0);
    return config_.bidirectional ? cat({s[n - 2], s[n - 1]}, -1) : s[n - 1];
  };
  Step step;
  step.state.h = tanh(bridge_(last(r.state.h)));
  if (bridge_cell_) step.state.c = (*bridge_cell_)(last(r.state.c));
  const DType dtype = r.out.dtype();
  step.attentional = zeros({source.size(0), config_.embedding}, dtype);
  if (config_.coverage) step.coverage = zeros({source.size(0), source.size(1)}, dtype);
  return {attention_.prepare(dropout_(r.out), lengths), step};
}

void Seq2Seq::advance(const Tensor& embedded, const AttentionMemory& memory, int64_t t,
                      Step& step) const {
  const Tensor input = config_.input_feeding ? cat({embedded, step.attentional}, -1) : embedded;
  step.state = decoder_(input, step.state);
  const AttentionResult seen = attention_(step.state.h, memory, t, step.coverage);
  step.attentional = dropout_(tanh(combine_(cat({step.state.h, seen.context}, -1))));
  step.weights = seen.weights;
  if (config_.coverage) step.coverage = step.coverage + seen.weights;
  if (gate_) step.gate = (*gate_)(seen.context, step.state.h, embedded);
}

// What is outside of the vocabulary is read as unk.
Tensor Seq2Seq::known(const Tensor& ids) const {
  return gate_ ? known_ids(ids, config_.source_vocab, config_.unk) : ids;
}

Tensor Seq2Seq::logits(const Tensor& attentional) const {
  return linear(attentional, target().weight, output_bias_);
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
      unbind(dropout_(target()(known(batch.target.slice(1, 0, steps)))), 1);
  std::vector<Tensor> attentional, weights, gate;
  for (int64_t t = 0; t < steps; ++t) {
    advance(embedded[static_cast<size_t>(t)], memory, t, step);
    attentional.push_back(step.attentional);
    if (!gate_) continue;
    weights.push_back(step.weights);
    gate.push_back(step.gate);
  }
  if (!gate_) return {tapehead::stack(attentional, 1), {}, {}};
  return {tapehead::stack(attentional, 1), tapehead::stack(weights, 1), tapehead::stack(gate, 1)};
}

Tensor Seq2Seq::operator()(const data::Seq2SeqBatch& batch) const {
  const Steps s = run(batch);
  if (!gate_) return logits(s.attentional);
  return copy_log_probs({logits(s.attentional), s.weights, s.gate}, batch.source,
                        extended_vocab(batch.source, config_.source_vocab));
}

Tensor Seq2Seq::loss(const data::Seq2SeqBatch& batch, double label_smoothing) const {
  const Tensor wanted = batch.target.slice(1, 1, batch.target.size(1));
  const Steps s = run(batch);
  if (!gate_)
    return cross_entropy(logits(s.attentional), wanted,
                         {.ignore_index = config_.pad, .label_smoothing = label_smoothing});
  return copy_loss({logits(s.attentional), s.weights, s.gate}, batch.source, wanted,
                   {.ignore_index = config_.pad, .label_smoothing = label_smoothing});
}

std::vector<Hypothesis> Seq2Seq::translate(const Tensor& source, const Tensor& lengths,
                                           const BeamOptions& o) const {
  const NoGrad no_grad;
  auto [memory, step] = encode(source, lengths);
  const int64_t extended = gate_ ? extended_vocab(source, config_.source_vocab) : 0;
  Tensor ids = source;
  int64_t t = 0;
  const Decoder decoder{
      .next = [&](const Tensor& tokens) -> DecoderStep {
        advance(target()(known(tokens)), memory, t++, step);
        const Tensor scores = logits(step.attentional);
        if (!gate_) return {scores, step.weights};
        const CopyMix mix{scores.unsqueeze(1), step.weights.unsqueeze(1), step.gate.unsqueeze(1)};
        return {copy_log_probs(mix, ids, extended).squeeze(1), step.weights};
      },
      .reorder =
          [&](const Tensor& rows, bool same_sources) {
            const auto take = [&](std::initializer_list<Tensor*> tensors) {
              for (Tensor* x : tensors)
                if (x->defined()) *x = index_select(*x, 0, rows);
            };
            take({&step.state.h, &step.state.c, &step.attentional, &step.coverage});
            if (same_sources) return;
            take({&ids, &memory.values, &memory.keys, &memory.lengths, &memory.mask});
          }};
  return beam_search(decoder, source.size(0), o);
}

}  // namespace tapehead::nn
