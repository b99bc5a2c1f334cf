#include "tapehead/nn/attention_decoder.h"

#include <fmt/format.h>

#include <memory>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/detail/token_decoder.h"
#include "tapehead/nn/norm.h"

namespace tapehead::nn {
namespace {

constexpr const char* kAttentionDecoder = "attention_decoder";

SequenceAttentionOptions attention_options(const AttentionDecoderOptions& o) {
  SequenceAttentionOptions attention = o.attention;
  attention.query_dim = o.hidden_size;
  return attention;
}

}  // namespace

// The state after a step.
struct AttentionDecoder::Step {
  RnnState state;
  Tensor attentional;  // [B, E]
  Tensor coverage;     // [B, S]
  Tensor weights;      // [B, S]
  Tensor gate;         // [B], of copying
};

AttentionDecoder::AttentionDecoder(const Scope& at, const AttentionDecoderOptions& o,
                                   const std::optional<Embedding>& shared)
    : cell(at / "decoder", o.embed_dim * (o.input_feeding ? 2 : 1), o.hidden_size,
           {.cell = o.cell, .forget_bias = 1}),
      attention(at / "attention", attention_options(o)),
      combine(Linear(at / "combine", o.hidden_size + o.attention.memory_dim, o.embed_dim,
                     {.bias = false})),
      output_bias((at / "output").param("bias", {o.vocab_size}, init::zeros())),
      target(shared ? *shared
                    : detail::token_embedding(at / "target", o.vocab_size, o.embed_dim, o.pad)),
      dropout(Dropout(at / "dropout", o.dropout)),
      options_(o) {
  options_.attention = attention_options(o);
  detail::check_shared(kAttentionDecoder, at, target, o.vocab_size, o.embed_dim);
  const Score score = o.attention.score;
  if (o.copy && (score == Score::none || score == Score::local_p))
    throw ValueError(fmt::format(
        "{}: the weights of score {} are no probabilities to copy by; take another (in {})",
        kAttentionDecoder, name(score), at.path()));
  if (o.copy) copy.emplace(at / "copy", o.attention.memory_dim, o.hidden_size, o.embed_dim);
}

AttentionDecoder::Step AttentionDecoder::first(const DecoderStart& start) const {
  if (copy) detail::check_source(kAttentionDecoder, start.source);
  const Tensor& memory = start.memory.values;
  Step step;
  step.state = start.state;
  step.attentional = zeros({memory.size(0), options_.embed_dim}, memory.dtype());
  if (options_.attention.coverage)
    step.coverage = zeros({memory.size(0), memory.size(1)}, memory.dtype());
  return step;
}

void AttentionDecoder::advance(const Tensor& embedded, const AttentionMemory& memory, int64_t t,
                               Step& step) const {
  const Tensor input = options_.input_feeding ? cat({embedded, step.attentional}, -1) : embedded;
  step.state = cell(input, step.state);
  const SequenceAttentionOutput attended = attention(step.state.h, memory, t, step.coverage);
  step.attentional = dropout(tanh(combine(cat({step.state.h, attended.context}, -1))));
  step.weights = attended.weights;
  if (step.coverage.defined()) step.coverage = step.coverage + attended.weights;
  if (copy) step.gate = (*copy)(attended.context, step.state.h, embedded);
}

// What is outside of the vocabulary is read as unk.
Tensor AttentionDecoder::known(const Tensor& ids) const {
  return copy ? known_ids(ids, options_.vocab_size, options_.unk) : ids;
}

Tensor AttentionDecoder::logits(const Tensor& attentional) const {
  return linear(attentional, target.weight, output_bias);
}

AttentionDecoderOutput AttentionDecoder::operator()(const DecoderStart& start,
                                                    const Tensor& ids) const {
  const int64_t B = start.memory.values.size(0);
  if (ids.dim() != 2 || ids.size(0) != B || ids.size(1) < 1)
    throw ShapeError(fmt::format("{}: the tokens are {}; expected [{}, T], T at least 1",
                                 kAttentionDecoder, ids.shape().str(), B));
  Step step = first(start);
  std::vector<Tensor> attentional, weights, gate;
  const std::vector<Tensor> embedded = unbind(dropout(target(known(ids))), 1);
  for (size_t t = 0; t < embedded.size(); ++t) {
    advance(embedded[t], start.memory, static_cast<int64_t>(t), step);
    attentional.push_back(step.attentional);
    if (step.weights.defined()) weights.push_back(step.weights);
    if (step.gate.defined()) gate.push_back(step.gate);
  }
  const auto stacked = [](const std::vector<Tensor>& steps) {
    return steps.empty() ? Tensor() : tapehead::stack(steps, 1);
  };
  return {logits(stacked(attentional)), stacked(weights), stacked(gate)};
}

Tensor AttentionDecoder::scores(const DecoderStart& start, const Tensor& ids) const {
  const AttentionDecoderOutput out = (*this)(start, ids);
  const int64_t extended = copy ? extended_vocab(start.source, options_.vocab_size) : 0;
  return detail::token_scores({out.logits, out.weights, out.gate}, start.source, extended);
}

Tensor AttentionDecoder::loss(const DecoderStart& start, const Tensor& tokens,
                              double label_smoothing) const {
  const auto [given, wanted] = detail::teacher_forcing(kAttentionDecoder, tokens);
  const AttentionDecoderOutput out = (*this)(start, given);
  return detail::token_loss({out.logits, out.weights, out.gate}, start.source, wanted, options_.pad,
                            label_smoothing);
}

Decoder AttentionDecoder::steps(const DecoderStart& start) const {
  struct Search {
    DecoderStart start;  // a row for each hypothesis
    Step step;
    int64_t t, extended;
  };
  const auto s = std::make_shared<Search>(
      Search{start, first(start), 0, copy ? extended_vocab(start.source, options_.vocab_size) : 0});
  return {
      .next = [this, s](const Tensor& tokens) -> DecoderStep {
        advance(target(known(tokens)), s->start.memory, s->t++, s->step);
        const Tensor scores = logits(s->step.attentional);
        if (!copy) return {scores, s->step.weights};
        const CopyMix mix{scores.unsqueeze(1), s->step.weights.unsqueeze(1),
                          s->step.gate.unsqueeze(1)};
        return {copy_log_probs(mix, s->start.source, s->extended).squeeze(1), s->step.weights};
      },
      .reorder =
          [s](const Tensor& rows, bool same_sequences) {
            Step& step = s->step;
            detail::take_rows({&step.state.h, &step.state.c, &step.attentional, &step.coverage},
                              rows);
            if (same_sequences) return;
            AttentionMemory& m = s->start.memory;
            detail::take_rows({&s->start.source, &m.values, &m.keys, &m.lengths, &m.mask}, rows);
          }};
}

std::vector<Hypothesis> AttentionDecoder::search(const DecoderStart& start,
                                                 const BeamOptions& options) const {
  const NoGradGuard off;
  return beam_search(steps(start), start.memory.values.size(0), options);
}

}  // namespace tapehead::nn
