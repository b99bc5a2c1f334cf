#include "tapehead/nn/models/t5.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

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
  std::vector<DecoderCache> caches = decoder_.start(encode(source, {.lengths = lengths}));
  Tensor seen_lengths = lengths;
  const AttentionOptions seen{.distance_bias = decoder_relative_()};
  const Decoder decoder{.next = [&](const Tensor& tokens) -> DecoderStep {
                          const Attended a =
                              decoder_(embed(tokens.unsqueeze(1)), caches,
                                       {.lengths = seen_lengths, .weights_of = WeightsOf{}}, seen);
                          return {logits(a.out.squeeze(1)), mean(a.weights, 1).squeeze(1)};
                        },
                        .reorder =
                            [&](const Tensor& rows, bool same_sequences) {
                              for (DecoderCache& cache : caches)
                                cache.reorder(rows, same_sequences);
                              if (!same_sequences && seen_lengths.defined())
                                seen_lengths = index_select(seen_lengths, 0, rows);
                            }};
  return beam_search(decoder, source.size(0), options);
}

}  // namespace tapehead::nn
