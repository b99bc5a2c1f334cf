#include "tapehead/nn/models/t5.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/nn/decoder_state.h"

namespace tapehead::nn {
namespace {

double root(int64_t n) { return std::sqrt(static_cast<double>(n)); }

// Normal with std 1 / sqrt(fan_in).
Init fan_in_normal() { return init::kaiming_normal(1); }

TransformerOptions options_of(const T5Config& c, int64_t layers) {
  return {.width = c.width,
          .heads = c.heads,
          .hidden = c.hidden,
          .layers = layers,
          .head_width = c.head_width,
          .dropout = c.dropout,
          .rms = true,
          .eps = c.eps,
          .act = c.act,
          .gated = c.gated,
          .bias = false,
          .scale = 1,
          .init = fan_in_normal(),
          .q_init = init::normal(1 / (root(c.width) * root(c.head_width)))};
}

RelativeBucketsOptions relative_options(const T5Config& c, bool bidirectional) {
  return {.heads = c.heads,
          .buckets = c.buckets,
          .max_distance = c.max_distance,
          .bidirectional = bidirectional,
          .init = init::normal(1 / root(c.width))};
}

}  // namespace

T5::T5(Scope at, const T5Config& c)
    : at_(std::move(at)),
      config_(c),
      token_(at_ / "token", c.vocab, c.width),
      dropout_(at_ / "dropout", c.dropout),
      encoder_relative_(at_ / "encoder" / "relative", relative_options(c, true)),
      decoder_relative_(at_ / "decoder" / "relative", relative_options(c, false)),
      encoder_(at_ / "encoder", options_of(c, c.layers)),
      decoder_(at_ / "decoder", options_of(c, c.decoder_layers > 0 ? c.decoder_layers : c.layers)) {
  if (c.head && !c.tied)
    head_.emplace(at_ / "head", c.width, c.vocab,
                  LinearOptions{.bias = false, .init = fan_in_normal()});
}

Tensor T5::embed(const Tensor& ids) const {
  if (ids.dim() != 2)
    throw ShapeError(fmt::format("t5: ids are {}; expected [B, T]", ids.shape().str()));
  return dropout_(token_(ids));
}

Tensor T5::encode(const Tensor& source, const AttentionOptions& seen) const {
  return nn::at(at_, [&] {
    AttentionOptions o = seen;
    o.distance_bias = encoder_relative_();
    return dropout_(encoder_(embed(source), o));
  });
}

// What the decoder gives, [..., C], to logits [..., V].
Tensor T5::logits(const Tensor& x) const {
  if (!config_.head) return x;
  const Tensor scaled = config_.scale_logits ? x / root(config_.width) : x;
  return head_ ? (*head_)(scaled) : linear(scaled, token_.weight);
}

Tensor T5::operator()(const Tensor& source, const Tensor& target, const AttentionOptions& seen,
                      const AttentionOptions& target_seen) const {
  const Tensor memory = encode(source, seen);
  return nn::at(at_, [&] {
    AttentionOptions o = target_seen;
    o.distance_bias = decoder_relative_();
    return logits(dropout_(decoder_(embed(target), memory, seen, o).out));
  });
}

Tensor T5::loss(const Tensor& source, const Tensor& labels, const AttentionOptions& seen) const {
  if (!config_.head) throw ValueError("t5: a model without a head has no loss");
  const Tensor first = full({labels.size(0), 1}, config_.pad, i64);
  const Tensor given = cat({first, labels.slice(1, 0, labels.size(1) - 1)}, 1);
  const Tensor target = where(given == -100, config_.pad, given);
  return cross_entropy((*this)(source, target, seen), labels, {.ignore_index = -100});
}

std::vector<Hypothesis> T5::generate(const Tensor& source, const Tensor& lengths,
                                     BeamOptions options) const {
  if (!config_.head) throw ValueError("t5: a model without a head generates nothing");
  const NoGrad off;
  options.bos = config_.pad;
  options.eos = config_.eos;
  const int64_t B = source.size(0);
  // The state of a hypothesis: what the layers remember, then the source's length.
  DecoderState first = to_state(decoder_.start(encode(source, {.lengths = lengths})));
  const size_t end = first.size();
  first.push_back(lengths.defined() ? lengths : full({B}, source.size(1), i64));
  const AttentionOptions seen{.distance_bias = decoder_relative_()};
  const auto decoder = [&](const Tensor& tokens, DecoderState& state) -> DecoderStep {
    std::vector<DecoderCache> caches = from_state({state.data(), end});
    const Attended a = decoder_(embed(tokens.unsqueeze(1)), caches,
                                {.lengths = state[end], .weights_of = WeightsOf{}}, seen);
    std::ranges::copy(to_state(caches), state.begin());
    return {logits(a.out.squeeze(1)), mean(a.weights, 1).squeeze(1)};
  };
  return beam_search(decoder, first, B, options);
}

}  // namespace tapehead::nn
