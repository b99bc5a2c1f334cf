#include "tapehead/nn/models/gpt.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tapehead/autograd/ops.h"

namespace tapehead::nn {
namespace {

constexpr double kStd = 0.02;

TransformerOptions options_of(const GptConfig& c) {
  return {.width = c.width,
          .heads = c.heads,
          .hidden = c.hidden,
          .layers = c.layers,
          .kv_heads = c.kv_heads,
          .head_width = c.head_width,
          .dropout = c.dropout,
          .rms = c.rms,
          .eps = c.eps,
          .act = c.act,
          .gated = c.gated,
          .mixture = c.mixture,
          .bias = c.bias,
          .qkv_bias = c.qkv_bias,
          .out_bias = c.out_bias,
          .scale = c.scale,
          .rope = c.rope,
          .packed = true,
          .init = init::normal(kStd),
          .out_init = init::normal(kStd / std::sqrt(2.0 * static_cast<double>(c.layers)))};
}

std::vector<EncoderLayer> layers_of(const Scope& at, const GptConfig& c) {
  const int64_t width = c.head_width > 0 ? c.head_width : c.width / std::max<int64_t>(1, c.heads);
  const double scale = c.scale.value_or(1 / std::sqrt(static_cast<double>(width)));
  std::vector<EncoderLayer> layers;
  for (int64_t i = 0; i < c.layers; ++i) {
    TransformerOptions options = options_of(c);
    if (c.scale_by_layer) options.scale = scale / static_cast<double>(i + 1);
    layers.emplace_back(at / i, options);
  }
  return layers;
}

}  // namespace

Gpt::Gpt(Scope at, const GptConfig& c)
    : at_(std::move(at)),
      config_(c),
      token_(at_ / "token", c.vocab, c.width, {.init = init::normal(kStd)}),
      dropout_(at_ / "dropout", c.dropout),
      layers_(layers_of(at_ / "layers", c)),
      norm_(at_ / "norm", options_of(c)) {
  if (!c.rope) position_.emplace(at_ / "position", c.context, c.width, init::normal(kStd));
  if (c.head && !c.tied)
    head_.emplace(at_ / "head", c.width, c.vocab,
                  LinearOptions{.bias = false, .init = init::normal(kStd)});
}

template <class Layers>
Tensor Gpt::run(const Tensor& ids, int64_t start, AttentionOptions seen,
                const Layers& layers) const {
  return nn::at(at_, [&] {
    if (ids.dim() != 2)
      throw ShapeError(fmt::format("gpt: ids are {}; expected [B, T]", ids.shape().str()));
    const int64_t T = ids.size(1);
    if (start + T > config_.context)
      throw ValueError(
          fmt::format("gpt: {} tokens, but its context is {}; pass the last ones, or make a model "
                      "with a longer context",
                      start + T, config_.context));
    Tensor x = token_(ids);
    if (position_) x = (*position_)(x, start);
    seen.causal = true;
    if (config_.window > 0) seen.window.before = config_.window - 1;
    x = norm_(layers(dropout_(x), seen));
    if (!config_.head) return x;
    return head_ ? (*head_)(x) : linear(x, token_.weight);
  });
}

Encoded Gpt::attend(const Tensor& ids, const AttentionOptions& seen) const {
  Encoded encoded;
  const Tensor out = run(ids, 0, seen, [&](const Tensor& x, const AttentionOptions& o) {
    encoded.out = x;
    for (const EncoderLayer& layer : layers_)
      encoded.add(layer.attend(encoded.out, o), config_.layers);
    return encoded.out;
  });
  encoded.out = out;
  return encoded;
}

Tensor Gpt::operator()(const Tensor& ids, const AttentionOptions& seen) const {
  return attend(ids, seen).out;
}

Tensor Gpt::operator()(const Tensor& ids, std::vector<KvCache>& caches) const {
  if (caches.size() != layers_.size())
    throw ValueError(fmt::format("gpt: {} caches for {} layers; caches() makes them", caches.size(),
                                 layers_.size()));
  const int64_t start = caches.empty() ? 0 : caches[0].length();
  return run(ids, start, {}, [&](Tensor x, const AttentionOptions& o) {
    for (size_t i = 0; i < layers_.size(); ++i) x = layers_[i](x, caches[i], o);
    return x;
  });
}

Tensor Gpt::loss(const Tensor& ids, const Tensor& targets) const {
  if (!config_.head) throw ValueError("gpt: a model without a head has no loss");
  const Encoded logits = attend(ids, {});
  const Tensor loss = cross_entropy(logits.out, targets, {.ignore_index = -100});
  return logits.balance.defined() && at_.training() ? loss + config_.balance * logits.balance
                                                    : loss;
}

std::vector<KvCache> Gpt::caches() const {
  return std::vector<KvCache>(layers_.size(), KvCache({.window = config_.window}));
}

}  // namespace tapehead::nn
