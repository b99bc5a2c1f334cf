#include "tapehead/nn/copy_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tapehead/autograd/autocast.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/detail/lengths.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {
namespace {

// Stands in for log 0: finite, so that no gradient becomes NaN, and far below the logarithm of any
// probability.
constexpr double kLogOfNothing = -1e30;

// log p. Subnormal probabilities count as 0, since the gradient 1 / p would be infinite.
Tensor log_or_nothing(const Tensor& p) {
  const Tensor none = p < (p.dtype() == f64 ? std::numeric_limits<double>::min()
                                            : double{std::numeric_limits<float>::min()});
  return masked_fill(log(masked_fill(p, none, 1)), none, kLogOfNothing);
}

Tensor log_sum(const Tensor& a, const Tensor& b) { return logsumexp(tapehead::stack({a, b}), {0}); }

void check(const char* op, const CopyMix& mix, const Tensor& source) {
  const auto [logits, weights, gate] = mix;
  const bool fits = logits.dim() == 3 && weights.dim() == 3 && source.dim() == 2 &&
                    weights.size(0) == logits.size(0) && weights.size(1) == logits.size(1) &&
                    gate.shape() == Shape{logits.size(0), logits.size(1)} &&
                    source.shape() == Shape{logits.size(0), weights.size(2)};
  if (!fits)
    throw ShapeError(fmt::format(
        "{}: logits are {}, weights {}, the gate {}, the source {}; expected [B, T, V], [B, T, S], "
        "[B, T] and [B, S]",
        op, logits.shape().str(), weights.shape().str(), gate.shape().str(), source.shape().str()));
}

// Added to a word's logit, `written` gives the log-probability of generating it; added to the
// logarithm of the attention to it, `copied` gives that of copying it. Both are [B, T, 1].
struct Offsets {
  Tensor written, copied;
};
Offsets offsets_of(const CopyMix& mix) {
  const Tensor gate = mix.gate.unsqueeze(-1);
  return {log_sigmoid(gate) - logsumexp(mix.logits, {-1}, true), log_sigmoid(-gate)};
}

}  // namespace

Tensor known_ids(const Tensor& ids, int64_t vocab, int64_t unk) {
  return where(ids < vocab, ids, Tensor(unk));
}

int64_t extended_vocab(const Tensor& source, int64_t vocab) {
  return source.numel() == 0 ? vocab : std::max(vocab, max(source).item<int64_t>() + 1);
}

Tensor copy_log_probs(const CopyMix& mix, const Tensor& source, int64_t extended) {
  check("copy_log_probs", mix, source);
  const int64_t B = mix.logits.size(0), T = mix.logits.size(1), V = mix.logits.size(2),
                S = source.size(1);
  if (extended < V)
    throw ValueError(fmt::format(
        "copy_log_probs: extended = {}, but the vocabulary has {} words; it counts them, too",
        extended, V));
  const auto [written, copied] = offsets_of(mix);
  const DType dtype = mix.logits.dtype();
  const Tensor pointed = scatter_add(zeros({B, T, extended}, dtype), 2,
                                     source.unsqueeze(1).expand({B, T, S}), mix.weights);
  const Tensor beyond = full({B, T, extended - V}, kLogOfNothing, dtype);
  const Tensor log_p =
      log_sum(cat({mix.logits + written, beyond}, -1), log_or_nothing(pointed) + copied);
  return masked_fill(log_p, log_p < kLogOfNothing / 2, -std::numeric_limits<double>::infinity());
}

namespace {

// bool [B, T, S]: whether source word s is the target of step t.
Tensor places_of(const Tensor& source, const Tensor& target) {
  return source.unsqueeze(1) == target.unsqueeze(2);
}

void check_targets(const Tensor& target, const Tensor& counts, const Tensor& possible) {
  const Tensor wrong = nonzero(counts & ~possible);
  if (wrong.size(0) == 0) return;
  const int64_t b = wrong[0][0].item<int64_t>(), t = wrong[0][1].item<int64_t>();
  throw IndexError(
      fmt::format("copy_loss: target[{}, {}] = {} is a word neither of the vocabulary nor of its "
                  "source; such a word is unk",
                  b, t, target[b][t].item<int64_t>()));
}

// The mean of log p over the vocabulary: that of generating each word, plus what copying adds for
// the words of the source, counted once, at their first position.
Tensor mean_log_p(const CopyMix& mix, const Offsets& offsets, const Tensor& source) {
  const int64_t B = source.size(0), T = mix.logits.size(1), V = mix.logits.size(2),
                S = source.size(1);
  const Tensor same = (source.unsqueeze(1) == source.unsqueeze(2)).to(mix.weights.dtype());
  const Tensor first = sum(tril(same, -1), {-1}) == 0;        // [B, S]
  const Tensor counts = (first & (source < V)).unsqueeze(1);  // [B, 1, S]
  const Tensor ids = known_ids(source, V, 0).unsqueeze(1).expand({B, T, S});
  const Tensor written = gather(mix.logits, 2, ids) + offsets.written;
  const Tensor copied = log_or_nothing(matmul(mix.weights, same)) + offsets.copied;
  const Tensor more = masked_fill(log_sum(written, copied) - written, ~counts, 0);
  return mean(mix.logits, {-1}) + offsets.written.squeeze(-1) +
         sum(more, {-1}) / static_cast<double>(V);
}

}  // namespace

Tensor copy_loss(const CopyMix& given, const Tensor& source, const Tensor& target,
                 const CopyLossOptions& o) {
  using tapehead::detail::in_f32;
  check("copy_loss", given, source);
  const CopyMix mix{in_f32(given.logits), in_f32(given.weights), in_f32(given.gate)};
  if (target.shape() != mix.gate.shape())
    throw ShapeError(fmt::format("copy_loss: target is {}; expected {}, as the gate",
                                 target.shape().str(), mix.gate.shape().str()));
  if (!(o.label_smoothing >= 0 && o.label_smoothing < 1))
    throw ValueError(fmt::format("copy_loss: label_smoothing is {}; it must be in 0..1, and not 1",
                                 o.label_smoothing));
  const int64_t V = mix.logits.size(2);
  const Tensor counts = target != o.ignore_index;
  const Tensor wanted = where(counts, target, Tensor(int64_t{0}));
  const Tensor in_vocabulary = (wanted >= 0) & (wanted < V);
  const Tensor places = places_of(source, wanted);
  check_targets(target, counts, in_vocabulary | any(places, {-1}));

  const Offsets offsets = offsets_of(mix);
  const Tensor id = where(in_vocabulary, wanted, Tensor(int64_t{0})).unsqueeze(-1);
  const Tensor written = masked_fill(gather(mix.logits, 2, id) + offsets.written,
                                     ~in_vocabulary.unsqueeze(-1), kLogOfNothing);
  const Tensor pointed = sum(masked_fill(mix.weights, ~places, 0), {-1}, true);
  Tensor loss = -log_sum(written, log_or_nothing(pointed) + offsets.copied).squeeze(-1);
  if (o.label_smoothing > 0)
    loss = lerp(loss, -mean_log_p(mix, offsets, source), o.label_smoothing);
  loss = masked_fill(loss, ~counts, 0);
  if (o.reduction == Reduction::none) return loss;
  const Tensor total = sum(loss);
  return o.reduction == Reduction::sum ? total : total / sum(counts).to(loss.dtype());
}

CopyGate::CopyGate(const Scope& at, int64_t memory_dim, int64_t state_dim, int64_t input_dim)
    : context(Linear(at / "context", memory_dim, 1, {.bias = false})),
      state(Linear(at / "state", state_dim, 1, {.bias = false})),
      input(Linear(at / "input", input_dim, 1)) {}

Tensor CopyGate::operator()(const Tensor& c, const Tensor& h, const Tensor& x) const {
  return (context(c) + state(h) + input(x)).squeeze(-1);
}

CopyAttention::CopyAttention(const Scope& at, int64_t state_dim, int64_t memory_dim)
    : query(Linear(at / "query", state_dim, state_dim,
                   {.bias = false, .init = init::xavier_uniform()})),
      key(Linear(at / "key", memory_dim, state_dim,
                 {.bias = false, .init = init::xavier_uniform()})) {}

Tensor CopyAttention::keys(const Tensor& memory) const { return key(memory); }

CopyAttention::Result CopyAttention::operator()(const Tensor& state, const Tensor& projected,
                                                const Tensor& memory, const Tensor& lengths) const {
  const Tensor q = query(state) / std::sqrt(static_cast<double>(state.size(-1)));
  Tensor scores = matmul(q, projected.transpose(-1, -2));
  if (lengths.defined()) {
    const int64_t S = memory.size(1);
    const Tensor real = core::check_lengths("copy_attention", lengths, memory.size(0), S, 1);
    scores = masked_fill(scores, padding_mask(real, S).unsqueeze(1), -INFINITY);
  }
  const Tensor weights = softmax(scores, -1);
  return {matmul(weights, memory), weights};
}

}  // namespace tapehead::nn
