#include "tapehead/nn/attention_decoder.h"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/distributions.h"
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

int64_t input_size(const AttentionDecoderOptions& o) {
  switch (o.feed) {
    case DecoderFeed::none: return o.embed_dim;
    case DecoderFeed::attentional: return o.embed_dim + o.embed_dim;
    case DecoderFeed::context: return o.embed_dim + o.attention.memory_dim;
  }
  return 0;
}

void check_options(const AttentionDecoderOptions& o, const Scope& at) {
  const Score score = o.attention.score;
  const auto fail = [&](const std::string& why) {
    throw ValueError(fmt::format("{}: {} (in {})", kAttentionDecoder, why, at.path()));
  };
  if ((o.copy || o.hard) && (score == Score::none || score == Score::local_p))
    fail(fmt::format("the weights of score {} are no probabilities to {} by; take another",
                     name(score), o.copy ? "copy" : "choose"));
  if (o.copy && o.hard) fail("hard attention does not copy; leave out `hard` or `copy`");
}

void check_call(const Tensor& ids, int64_t B, bool hard, const TeacherForcingOptions& o) {
  if (ids.dim() != 2 || ids.size(0) != B || ids.size(1) < 1)
    throw ShapeError(fmt::format("{}: the tokens are {}; expected [{}, T], T at least 1",
                                 kAttentionDecoder, ids.shape().str(), B));
  if (!(o.scheduled_sampling >= 0 && o.scheduled_sampling <= 1))
    throw ValueError(fmt::format("{}: scheduled_sampling = {} is outside 0..1", kAttentionDecoder,
                                 o.scheduled_sampling));
  if (!(o.expected >= 0 && o.expected <= 1))
    throw ValueError(
        fmt::format("{}: expected = {} is outside 0..1", kAttentionDecoder, o.expected));
  if ((o.choices.defined() || o.expected > 0) && !hard)
    throw ValueError(
        fmt::format("{}: {} for hard attention; make the decoder with the option `hard`",
                    kAttentionDecoder, o.choices.defined() ? "choices are" : "expected is"));
  if (o.choices.defined() && o.choices.shape() != ids.shape())
    throw ShapeError(fmt::format("{}: the choices are {}; expected {}, as the tokens",
                                 kAttentionDecoder, o.choices.shape().str(), ids.shape().str()));
}

// values [B, S, M] at position i64 [B], [B, M].
Tensor at_position(const Tensor& values, const Tensor& position) {
  const int64_t B = values.size(0), M = values.size(2);
  return gather(values, 1, position.reshape({B, 1, 1}).expand({B, 1, M})).squeeze(1);
}

}  // namespace

// The state after a step; that of finish() may be of all steps, [B, T, ·].
struct AttentionDecoder::Step {
  RnnState state;
  Tensor attentional;  // [B, E], of finish()
  Tensor context;      // [B, M]
  Tensor weights;      // [B, S]
  Tensor coverage;     // [B, S]
  Tensor previous;     // [B, S]: weights, as input of the next step
  Tensor gate;         // [B], of copying, of finish()
  Tensor choice;       // i64 [B], of hard attention; given, or drawn if undefined
  Tensor expected;     // bool [B]: rows of hard attention with the expected context
};

AttentionDecoder::AttentionDecoder(const Scope& at, const AttentionDecoderOptions& o,
                                   const std::optional<Embedding>& shared)
    : cell(at / "decoder", input_size(o), o.hidden_size, {.cell = o.cell, .forget_bias = 1}),
      attention(at / "attention", attention_options(o)),
      combine(Linear(at / "combine", o.hidden_size + o.attention.memory_dim, o.embed_dim,
                     {.bias = false})),
      output_bias((at / "output").param("bias", {o.vocab_size}, init::zeros())),
      target(shared ? *shared
                    : detail::token_embedding(at / "target", o.vocab_size, o.embed_dim, o.pad)),
      dropout(Dropout(at / "dropout", o.dropout)),
      at_(at),
      options_(o) {
  options_.attention = attention_options(o);
  detail::check_shared(kAttentionDecoder, at, target, o.vocab_size, o.embed_dim);
  check_options(o, at);
  if (o.copy) copy.emplace(at / "copy", o.attention.memory_dim, o.hidden_size, o.embed_dim);
  if (o.context_gate) context_gate = Linear(at / "context_gate", o.hidden_size, 1);
  if (o.deep_output)
    output_weight =
        (at / "output").param("weight", {o.vocab_size, o.embed_dim}, init::fan_in_uniform());
}

AttentionDecoder::Step AttentionDecoder::first(const DecoderStart& start) const {
  if (copy) detail::check_source(kAttentionDecoder, start.source);
  const Tensor& memory = start.memory.values;
  const int64_t B = memory.size(0);
  Step step;
  step.state = start.state;
  if (!step.state.h.defined()) step.state.h = zeros({B, options_.hidden_size}, memory.dtype());
  step.attentional = zeros({B, options_.embed_dim}, memory.dtype());
  if (options_.attention.coverage) step.coverage = zeros({B, memory.size(1)}, memory.dtype());
  return step;
}

// The context of the query [B, H] at step t.
void AttentionDecoder::attend(const Tensor& query, const AttentionMemory& memory, int64_t t,
                              Step& step) const {
  if (options_.hard) {
    step.weights = attention.weights(query, memory, t, step.coverage, step.previous);
    if (!step.choice.defined())
      step.choice = at_.training() ? multinomial(step.weights.detach(), 1).squeeze(-1)
                                   : argmax(step.weights, -1);
    step.context = at_position(memory.values, step.choice);
    if (step.expected.defined())
      step.context =
          where(step.expected.unsqueeze(-1),
                matmul(step.weights.unsqueeze(1), memory.values).squeeze(1), step.context);
  } else {
    const SequenceAttentionOutput seen = attention(query, memory, t, step.coverage, step.previous);
    step.weights = seen.weights;
    step.context = seen.context;
  }
  if (context_gate) step.context = sigmoid(context_gate(query)) * step.context;
  if (step.coverage.defined()) step.coverage = step.coverage + step.weights;
  if (options_.attention.conv_filters > 0) step.previous = step.weights;
}

void AttentionDecoder::advance(const Tensor& embedded, const AttentionMemory& memory, int64_t t,
                               Step& step) const {
  const bool attends_first = options_.feed == DecoderFeed::context;
  if (attends_first) attend(step.state.h, memory, t, step);
  Tensor input = embedded;
  if (options_.feed != DecoderFeed::none)
    input = cat({embedded, attends_first ? step.context : step.attentional}, -1);
  step.state = cell(input, step.state);
  if (!attends_first) attend(step.state.h, memory, t, step);
}

// Computes what the output needs from the last tokens, the state and the context.
void AttentionDecoder::finish(const Tensor& embedded, Step& step) const {
  const Tensor combined = combine(cat({step.state.h, step.context}, -1));
  step.attentional = dropout(options_.deep_output ? embedded + combined : tanh(combined));
  if (copy) step.gate = (*copy)(step.context, step.state.h, embedded);
}

// What is outside of the vocabulary is read as unk.
Tensor AttentionDecoder::known(const Tensor& ids) const {
  return copy ? known_ids(ids, options_.vocab_size, options_.unk) : ids;
}

Tensor AttentionDecoder::logits(const Tensor& attentional) const {
  return linear(attentional, options_.deep_output ? output_weight : target.weight, output_bias);
}

// The scores [B, V] or [B, extended] of a step's next token.
Tensor AttentionDecoder::scores_of(const Step& step, const Tensor& source, int64_t extended) const {
  const Tensor scores = logits(step.attentional);
  if (!copy) return scores;
  const CopyMix mix{scores.unsqueeze(1), step.weights.unsqueeze(1), step.gate.unsqueeze(1)};
  return copy_log_probs(mix, source, extended).squeeze(1);
}

int64_t AttentionDecoder::extended(const DecoderStart& start) const {
  return copy ? extended_vocab(start.source, options_.vocab_size) : 0;
}

// Embeddings [B, E] of scheduled sampling: of the given tokens i64 [B], or with probability p of
// the step's most probable ones.
Tensor AttentionDecoder::sampled(const Tensor& given, const Step& step, const DecoderStart& start,
                                 double p) const {
  const Tensor own =
      no_grad([&] { return argmax(scores_of(step, start.source, extended(start)), -1); });
  const Tensor ids = where(rand({given.size(0)}) < p, own, given);
  return dropout(target(known(ids)));
}

AttentionDecoderOutput AttentionDecoder::operator()(const DecoderStart& start, const Tensor& ids,
                                                    const TeacherForcingOptions& o) const {
  const int64_t B = start.memory.values.size(0);
  check_call(ids, B, options_.hard, o);
  Step step = first(start);
  if (o.expected > 0) step.expected = rand({B}) < o.expected;
  const bool samples = o.scheduled_sampling > 0;
  const bool reads_output = samples || options_.feed == DecoderFeed::attentional;
  std::vector<Tensor> attentional, states, contexts, weights, gate, choices;
  const Tensor given = dropout(target(known(ids)));
  const std::vector<Tensor> embedded = unbind(given, 1);
  for (size_t i = 0; i < embedded.size(); ++i) {
    const auto t = static_cast<int64_t>(i);
    step.choice = o.choices.defined() ? o.choices.select(1, t) : Tensor();
    const Tensor x = samples && i > 0 ? sampled(ids.select(1, t), step, start, o.scheduled_sampling)
                                      : embedded[i];
    advance(x, start.memory, t, step);
    if (reads_output) {
      finish(x, step);
      attentional.push_back(step.attentional);
      if (step.gate.defined()) gate.push_back(step.gate);
    } else {
      states.push_back(step.state.h), contexts.push_back(step.context);
    }
    if (step.weights.defined()) weights.push_back(step.weights);
    if (step.choice.defined()) choices.push_back(step.choice);
  }
  const auto stacked = [](const std::vector<Tensor>& steps) {
    return steps.empty() ? Tensor() : tapehead::stack(steps, 1);
  };
  Step all;
  if (reads_output) {
    all.attentional = stacked(attentional), all.gate = stacked(gate);
  } else {
    all.state.h = stacked(states), all.context = stacked(contexts);
    finish(given, all);
  }
  return {logits(all.attentional), stacked(weights), all.gate, stacked(choices), step.expected};
}

Tensor AttentionDecoder::scores(const DecoderStart& start, const Tensor& ids) const {
  const AttentionDecoderOutput out = (*this)(start, ids);
  return detail::token_scores({out.logits, out.weights, out.gate}, start.source, extended(start));
}

Tensor AttentionDecoder::loss(const DecoderStart& start, const Tensor& tokens,
                              const DecoderLossOptions& o) const {
  const auto [given, wanted] = detail::teacher_forcing(kAttentionDecoder, tokens);
  const AttentionDecoderOutput out =
      (*this)(start, given, {.scheduled_sampling = o.scheduled_sampling});
  Tensor loss = detail::token_loss({out.logits, out.weights, out.gate}, start.source, wanted,
                                   options_.pad, o.label_smoothing);
  const bool once = o.doubly_stochastic != 0, guided = o.guided_attention != 0;
  if (!once && !guided) return loss;
  if (!out.weights.defined())
    throw ValueError(fmt::format("{}: score none has no weights for {} = {}", kAttentionDecoder,
                                 once ? "doubly_stochastic" : "guided_attention",
                                 once ? o.doubly_stochastic : o.guided_attention));
  const Tensor lengths = sum((wanted != options_.pad).to(i64), {1}), rows = start.memory.lengths;
  if (once) loss = loss + o.doubly_stochastic * doubly_stochastic_loss(out.weights, lengths, rows);
  if (guided) loss = loss + o.guided_attention * guided_attention_loss(out.weights, lengths, rows);
  return loss;
}

Decoder AttentionDecoder::steps(const DecoderStart& start) const {
  struct Search {
    DecoderStart start;  // a row for each hypothesis
    Step step;
    int64_t t, extended;
  };
  const auto s = std::make_shared<Search>(Search{start, first(start), 0, extended(start)});
  return {
      .next = [this, s](const Tensor& tokens) -> DecoderStep {
        s->step.choice = Tensor();
        const Tensor embedded = target(known(tokens));
        advance(embedded, s->start.memory, s->t++, s->step);
        finish(embedded, s->step);
        return {scores_of(s->step, s->start.source, s->extended), s->step.weights};
      },
      .reorder =
          [s](const Tensor& rows, bool same_sequences) {
            Step& step = s->step;
            detail::take_rows(
                {&step.state.h, &step.state.c, &step.attentional, &step.coverage, &step.previous},
                rows);
            if (same_sequences) return;
            AttentionMemory& m = s->start.memory;
            detail::take_rows({&s->start.source, &m.values, &m.keys, &m.lengths, &m.mask}, rows);
          }};
}

std::vector<Hypothesis> AttentionDecoder::search(const DecoderStart& start,
                                                 const BeamOptions& o) const {
  const NoGradGuard off;
  return beam_search(steps(start), start.memory.values.size(0), o);
}

}  // namespace tapehead::nn
