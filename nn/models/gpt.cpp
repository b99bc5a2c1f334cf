#include "tapehead/nn/models/gpt.h"

#include <fmt/format.h>

#include <cmath>

#include "tapehead/autograd/ops.h"

namespace tapehead::nn {
namespace {

constexpr double kStd = 0.02;

std::vector<AnyEncoderLayer> make_layers(const Scope& at, const GptConfig& c) {
  std::vector<AnyEncoderLayer> layers;
  for (int64_t i = 0; i < c.transformer.num_layers; ++i) {
    TransformerOptions options = c.transformer;
    if (c.scale_by_layer) {
      const double head_dim = static_cast<double>(options.attention.head_dim);
      options.attention.scale =
          options.attention.scale.value_or(1 / std::sqrt(head_dim)) / static_cast<double>(i + 1);
    }
    layers.push_back(make_encoder_layer(at / i, options, i));
  }
  return layers;
}

}  // namespace

GptConfig completed(GptConfig c) {
  const int64_t num_layers = c.transformer.num_layers != 0 ? c.transformer.num_layers : 12;
  c.transformer =
      completed(c.transformer,
                {.embed_dim = 768,
                 .num_heads = 12,
                 .num_layers = num_layers,
                 .activation = gelu_tanh,
                 .init = init::normal(kStd),
                 .out_init = init::normal(kStd / std::sqrt(2.0 * static_cast<double>(num_layers))),
                 .attention = {.packed_qkv = true}});
  return c;
}

Gpt::Gpt(Scope at, const GptConfig& config) : Gpt(std::move(at), completed(config), nullptr) {}

Gpt::Gpt(Scope at, const GptConfig& c, std::nullptr_t)
    : token(at / "token", c.vocab_size, c.transformer.embed_dim, {.init = init::normal(kStd)}),
      layers(make_layers(at / "layers", c)),
      norm(make_norm(at / "norm", c.transformer.embed_dim, c.transformer.norm)),
      dropout(Dropout(at / "dropout", *c.transformer.dropout)),
      at_(std::move(at)),
      config_(c) {
  const int64_t C = c.transformer.embed_dim;
  if (!c.transformer.attention.rope)
    position.emplace(at_ / "position", c.context, C, init::normal(kStd));
  if (c.head && !c.tied)
    head = Linear(at_ / "head", C, c.vocab_size, {.bias = false, .init = init::normal(kStd)});
}

template <class Layers>
Tensor Gpt::run(const Tensor& ids, int64_t start, AttentionOptions options, const Layers& layers_of,
                bool last) const {
  return nn::at(at_, [&] {
    if (ids.dim() != 2)
      throw ShapeError(fmt::format("gpt: ids are {}; expected [B, T]", ids.shape().str()));
    const int64_t T = ids.size(1);
    if (start + T > config_.context)
      throw ValueError(
          fmt::format("gpt: {} tokens, but its context is {}; pass the last ones, or make a model "
                      "with a longer context",
                      start + T, config_.context));
    Tensor x = token(ids);
    if (position) x = (*position)(x, start);
    options.causal = true;
    if (config_.window > 0) options.window.before = config_.window - 1;
    x = layers_of(dropout(x), options);
    if (last && T > 1) x = x.slice(1, T - 1, T);
    x = norm(x);
    if (!config_.head) return x;
    return head ? head(x) : linear(x, token.weight);
  });
}

EncoderOutput Gpt::attend(const Tensor& ids, const AttentionOptions& options) const {
  EncoderOutput encoded;
  const Tensor out = run(ids, 0, options, [&](const Tensor& x, const AttentionOptions& o) {
    encoded.out = x;
    for (const AnyEncoderLayer& layer : layers)
      encoded.add(layer.attend(encoded.out, o), config_.transformer.num_layers);
    return encoded.out;
  });
  encoded.out = out;
  return encoded;
}

Tensor Gpt::operator()(const Tensor& ids, const AttentionOptions& options) const {
  return attend(ids, options).out;
}

Tensor Gpt::operator()(const Tensor& ids, std::vector<KvCache>& caches) const {
  return run(ids, caches, false);
}

Tensor Gpt::last_logits(const Tensor& ids, std::vector<KvCache>& caches) const {
  return run(ids, caches, true);
}

Tensor Gpt::run(const Tensor& ids, std::vector<KvCache>& caches, bool last) const {
  if (caches.size() != layers.size())
    throw ValueError(fmt::format("gpt: {} caches for {} layers; caches() makes them", caches.size(),
                                 layers.size()));
  const int64_t start = caches.empty() ? 0 : caches[0].length();
  const auto cached = [&](Tensor x, const AttentionOptions& o) {
    for (size_t i = 0; i < layers.size(); ++i) x = layers[i](x, caches[i], o);
    return x;
  };
  return run(ids, start, {}, cached, last);
}

Tensor Gpt::loss(const Tensor& ids, const Tensor& targets) const {
  if (!config_.head) throw ValueError("gpt: a model without a head has no loss");
  const EncoderOutput logits = attend(ids, {});
  const Tensor loss = cross_entropy(logits.out, targets, {.ignore_index = -100});
  return logits.balance_loss.defined() && at_.training()
             ? loss + config_.balance_weight * logits.balance_loss
             : loss;
}

std::vector<KvCache> Gpt::caches() const {
  for (size_t i = 0; i < layers.size(); ++i)
    if (!layers[i].has_cache())
      throw ValueError(
          fmt::format("gpt: layers[{}] has no operator() with a KvCache; add it, or generate with "
                      "nn::without_caches()",
                      i));
  return std::vector<KvCache>(layers.size(), KvCache({.window = config_.window}));
}

}  // namespace tapehead::nn
