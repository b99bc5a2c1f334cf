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

RelativeBucketsOptions relative_options(const T5Config& c, bool bidirectional) {
  return {.num_heads = c.transformer.num_heads,
          .num_buckets = c.num_buckets,
          .max_distance = c.max_distance,
          .bidirectional = bidirectional,
          .init = init::normal(1 / root(c.transformer.embed_dim))};
}

TransformerOptions decoder_options(const T5Config& c) {
  TransformerOptions options = c.transformer;
  options.num_layers = c.num_decoder_layers;
  return options;
}

}  // namespace

T5Config completed(T5Config c) {
  TransformerOptions& t = c.transformer;
  const int64_t C = t.embed_dim != 0 ? t.embed_dim : 512;
  const int64_t D = t.attention.head_dim != 0 ? t.attention.head_dim : 64;
  t = completed(t, {.embed_dim = C,
                    .num_heads = 8,
                    .ffn_dim = 2048,
                    .dropout = 0.1,
                    .bias = false,
                    .init = fan_in_normal(),
                    .attention = {.head_dim = D,
                                  .scale = 1,  // queries start small instead
                                  .q_init = init::normal(1 / (root(C) * root(D)))},
                    .norm = {.type = NormType::rms_norm}});
  if (c.num_decoder_layers == 0) c.num_decoder_layers = t.num_layers;
  return c;
}

T5::T5(Scope at, const T5Config& config) : T5(std::move(at), completed(config), nullptr) {}

T5::T5(Scope at, const T5Config& c, std::nullptr_t)
    : token(at / "token", c.vocab_size, c.transformer.embed_dim),
      encoder_relative(at / "encoder" / "relative", relative_options(c, true)),
      decoder_relative(at / "decoder" / "relative", relative_options(c, false)),
      encoder(at / "encoder", c.transformer),
      decoder(at / "decoder", decoder_options(c)),
      dropout(Dropout(at / "dropout", *c.transformer.dropout)),
      at_(std::move(at)),
      config_(c) {
  if (c.head && !c.tied)
    head = Linear(at_ / "head", c.transformer.embed_dim, c.vocab_size,
                  {.bias = false, .init = fan_in_normal()});
}

Tensor T5::embed(const Tensor& ids) const {
  if (ids.dim() != 2)
    throw ShapeError(fmt::format("t5: ids are {}; expected [B, T]", ids.shape().str()));
  return dropout(token(ids));
}

Tensor T5::encode(const Tensor& source, const AttentionOptions& options) const {
  return nn::at(at_, [&] {
    AttentionOptions o = options;
    o.distance_bias = encoder_relative();
    return dropout(encoder(embed(source), o));
  });
}

// The decoder's output [..., C] to logits [..., V].
Tensor T5::logits(const Tensor& x) const {
  if (!config_.head) return x;
  const Tensor scaled = config_.scale_logits ? x / root(config_.transformer.embed_dim) : x;
  return head ? head(scaled) : linear(scaled, token.weight);
}

Tensor T5::operator()(const Tensor& source, const Tensor& target,
                      const AttentionOptions& source_options,
                      const AttentionOptions& target_options) const {
  const Tensor memory = encode(source, source_options);
  return nn::at(at_, [&] {
    AttentionOptions o = target_options;
    o.distance_bias = decoder_relative();
    return logits(dropout(decoder(embed(target), memory, source_options, o).out));
  });
}

Tensor T5::loss(const Tensor& source, const Tensor& labels,
                const AttentionOptions& source_options) const {
  if (!config_.head) throw ValueError("t5: a model without a head has no loss");
  const Tensor first = full({labels.size(0), 1}, config_.pad, i64);
  const Tensor given = cat({first, labels.slice(1, 0, labels.size(1) - 1)}, 1);
  const Tensor target = where(given == -100, config_.pad, given);
  return cross_entropy((*this)(source, target, source_options), labels, {.ignore_index = -100});
}

std::vector<Hypothesis> T5::generate(const Tensor& source, const Tensor& lengths,
                                     BeamOptions options) const {
  if (!config_.head) throw ValueError("t5: a model without a head generates nothing");
  const NoGradGuard off;
  options.bos = config_.pad;
  options.eos = config_.eos;
  std::vector<DecoderCache> caches = decoder.start(encode(source, {.lengths = lengths}));
  Tensor source_lengths = lengths;
  const AttentionOptions self_options{.distance_bias = decoder_relative()};
  const Decoder steps{.next = [&](const Tensor& tokens) -> DecoderStep {
                        const AttentionOutput a = decoder(
                            embed(tokens.unsqueeze(1)), caches,
                            {.lengths = source_lengths, .weights_of = WeightsOf{}}, self_options);
                        return {logits(a.out.squeeze(1)),
                                a.weights.defined() ? mean(a.weights, 1).squeeze(1) : Tensor()};
                      },
                      .reorder =
                          [&](const Tensor& rows, bool same_sequences) {
                            for (DecoderCache& cache : caches) cache.reorder(rows, same_sequences);
                            if (!same_sequences && source_lengths.defined())
                              source_lengths = index_select(source_lengths, 0, rows);
                          }};
  return beam_search(steps, source.size(0), options);
}

}  // namespace tapehead::nn
