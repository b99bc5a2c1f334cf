#include "tapehead/nn/transformer.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"

namespace tapehead::nn {
namespace {

std::variant<LayerNorm, RMSNorm> norm_of(const Scope& at, const TransformerOptions& o) {
  if (o.rms) return RMSNorm(at, o.width, {.eps = o.eps});
  return LayerNorm(at, o.width, {.eps = o.eps, .bias = o.bias});
}

MultiHeadOptions attention_options(const TransformerOptions& o, bool of_memory) {
  return {.width = o.width,
          .heads = o.heads,
          .kv_heads = o.kv_heads,
          .head_width = o.head_width,
          .memory_width = of_memory ? o.memory_width : 0,
          .dropout = o.inner_dropout.value_or(o.dropout),
          .scale = o.scale,
          .bias = o.qkv_bias.value_or(o.bias),
          .out_bias = o.out_bias.value_or(o.bias),
          .packed = o.packed && !of_memory,
          .rope = of_memory ? std::nullopt : o.rope,
          .init = o.init,
          .q_init = o.q_init,
          .out_init = o.out_init};
}

FeedForwardOptions feed_forward_options(const TransformerOptions& o) {
  return {.width = o.width,
          .hidden = o.hidden,
          .act = o.act,
          .gated = o.gated,
          .dropout = o.inner_dropout.value_or(o.dropout),
          .kernel = o.kernel,
          .bias = o.bias,
          .init = o.init,
          .out_init = o.out_init};
}

// x with what a part makes of it, normalised before or after.
template <class Part>
Tensor added(const Tensor& x, const Norm& norm, const Dropout& dropout, bool pre_norm,
             const Part& part) {
  if (pre_norm) return x + dropout(part(norm(x)));
  return norm(x + dropout(part(x)));
}

std::variant<FeedForward, MixtureOfExperts> part_of(const Scope& at, const TransformerOptions& o) {
  if (o.mixture) return MixtureOfExperts(at, feed_forward_options(o), *o.mixture);
  return FeedForward(at, feed_forward_options(o));
}

const TransformerOptions& for_decoder(const Scope& at, const TransformerOptions& o) {
  nn::at(at, [&] {
    if (o.mixture)
      throw ValueError(
          "decoder_layer: mixtures of experts are for layers without a memory; leave `mixture` "
          "out");
    if (o.kernel != 1)
      throw ValueError(fmt::format(
          "decoder_layer: a kernel of {} would look ahead; leave `kernel` out", o.kernel));
  });
  return o;
}

// A kernel sees both neighbours, whatever the attention may see.
void check_kernel(int64_t kernel, bool partial) {
  if (kernel != 1 && partial)
    throw ValueError(
        fmt::format("encoder_layer: a kernel of {} sees what comes next and before; it is not for "
                    "causal attention, packed sequences, or a cache",
                    kernel));
}

}  // namespace

Norm::Norm(const Scope& at, const TransformerOptions& options) : norm_(norm_of(at, options)) {}

Tensor Norm::operator()(const Tensor& x) const {
  return std::visit([&](const auto& norm) { return norm(x); }, norm_);
}

EncoderLayer::EncoderLayer(Scope at, const TransformerOptions& o)
    : at_(std::move(at)),
      norm1_(at_ / "norm1", o),
      norm2_(at_ / "norm2", o),
      attention_(at_ / "attention", attention_options(o, false)),
      feed_forward_(part_of(at_ / "feed_forward", o)),
      dropout_(at_ / "dropout", o.dropout),
      pre_norm_(o.pre_norm),
      kernel_(o.kernel) {}

template <class Attend>
LayerResult EncoderLayer::run(Tensor x, const Tensor& lengths, const Attend& attend) const {
  LayerResult result;
  x = added(x, norm1_, dropout_, pre_norm_, [&](const Tensor& t) {
    const Attended found = attend(t);
    result.weights = found.weights;
    return found.out;
  });
  result.out = added(x, norm2_, dropout_, pre_norm_, [&](const Tensor& t) {
    if (const auto* one = std::get_if<FeedForward>(&feed_forward_)) return (*one)(t, lengths);
    const Mixed mixed = std::get<MixtureOfExperts>(feed_forward_)(t);
    result.balance = mixed.balance;
    result.dropped = mixed.dropped;
    return mixed.out;
  });
  return result;
}

LayerResult EncoderLayer::attend(const Tensor& x, const AttentionOptions& seen) const {
  nn::at(at_, [&] { check_kernel(kernel_, seen.causal || seen.packed.queries.defined()); });
  return run(x, seen.lengths, [&](const Tensor& t) { return attention_.attend(t, t, seen); });
}

Tensor EncoderLayer::operator()(const Tensor& x, const AttentionOptions& seen) const {
  return attend(x, seen).out;
}

Tensor EncoderLayer::operator()(const Tensor& x, KvCache& cache,
                                const AttentionOptions& seen) const {
  nn::at(at_, [&] { check_kernel(kernel_, true); });
  return run(x, {}, [&](const Tensor& t) { return Attended{attention_(t, cache, seen), {}}; }).out;
}

DecoderLayer::DecoderLayer(const Scope& at, const TransformerOptions& o)
    : norm1_(at / "norm1", for_decoder(at, o)),
      norm2_(at / "norm2", o),
      norm3_(at / "norm3", o),
      attention_(at / "attention", attention_options(o, false)),
      memory_attention_(at / "memory_attention", attention_options(o, true)),
      feed_forward_(at / "feed_forward", feed_forward_options(o)),
      dropout_(at / "dropout", o.dropout),
      pre_norm_(o.pre_norm) {}

template <class Attend, class Look>
Attended DecoderLayer::run(Tensor x, const Attend& attend, const Look& look) const {
  Tensor weights;
  x = added(x, norm1_, dropout_, pre_norm_, attend);
  x = added(x, norm2_, dropout_, pre_norm_, [&](const Tensor& t) {
    const Attended found = look(t);
    weights = found.weights;
    return found.out;
  });
  return {added(x, norm3_, dropout_, pre_norm_, feed_forward_), weights};
}

Attended DecoderLayer::operator()(const Tensor& x, const Tensor& memory,
                                  const AttentionOptions& seen,
                                  const AttentionOptions& memory_seen) const {
  return run(
      x, [&](const Tensor& t) { return attention_(t, seen); },
      [&](const Tensor& t) { return memory_attention_.attend(t, memory, memory_seen); });
}

Attended DecoderLayer::operator()(const Tensor& x, DecoderCache& cache,
                                  const AttentionOptions& seen,
                                  const AttentionOptions& memory_seen) const {
  return run(
      x, [&](const Tensor& t) { return attention_(t, cache.past, seen); },
      [&](const Tensor& t) { return memory_attention_.attend(t, cache.memory, memory_seen); });
}

TransformerEncoder::TransformerEncoder(const Scope& at, const TransformerOptions& o)
    : layers_(nn::stack<EncoderLayer>(at / "layers", o.layers, o)) {
  if (o.pre_norm) norm_.emplace(at / "norm", o);
}

void Encoded::add(const LayerResult& layer, int64_t layers) {
  out = layer.out;
  if (layer.weights.defined()) weights.push_back(layer.weights);
  dropped += layer.dropped;
  if (!layer.balance.defined()) return;
  const Tensor share = layer.balance / layers;
  balance = balance.defined() ? balance + share : share;
}

Encoded TransformerEncoder::attend(const Tensor& x, const AttentionOptions& seen) const {
  Encoded encoded{.out = x};
  for (const EncoderLayer& layer : layers_)
    encoded.add(layer.attend(encoded.out, seen), static_cast<int64_t>(layers_.size()));
  if (norm_) encoded.out = (*norm_)(encoded.out);
  return encoded;
}

Tensor TransformerEncoder::operator()(const Tensor& x, const AttentionOptions& seen) const {
  return attend(x, seen).out;
}

TransformerDecoder::TransformerDecoder(const Scope& at, const TransformerOptions& o)
    : layers_(nn::stack<DecoderLayer>(at / "layers", o.layers, o)) {
  if (o.pre_norm) norm_.emplace(at / "norm", o);
}

template <class Layer>
Attended TransformerDecoder::run(Tensor x, const AttentionOptions& memory_seen,
                                 const Layer& layer) const {
  AttentionOptions unseen = memory_seen;  // of the layers but the last nobody asks for weights
  unseen.weights_of = {};
  Tensor weights;
  for (size_t i = 0; i < layers_.size(); ++i) {
    const Attended a = layer(i, x, i + 1 < layers_.size() ? unseen : memory_seen);
    x = a.out;
    weights = a.weights;
  }
  return {norm_ ? (*norm_)(x) : x, weights};
}

Attended TransformerDecoder::operator()(const Tensor& x, const Tensor& memory,
                                        const AttentionOptions& memory_seen,
                                        AttentionOptions seen) const {
  seen.causal = true;
  return run(x, memory_seen, [&](size_t i, const Tensor& t, const AttentionOptions& o) {
    return layers_[i](t, memory, seen, o);
  });
}

Attended TransformerDecoder::operator()(const Tensor& x, std::vector<DecoderCache>& caches,
                                        const AttentionOptions& memory_seen,
                                        AttentionOptions seen) const {
  if (caches.size() != layers_.size())
    throw ValueError(fmt::format("transformer_decoder: {} caches for {} layers; start() makes them",
                                 caches.size(), layers_.size()));
  seen.causal = true;
  return run(x, memory_seen, [&](size_t i, const Tensor& t, const AttentionOptions& o) {
    return layers_[i](t, caches[i], seen, o);
  });
}

void DecoderCache::reorder(const Tensor& rows, bool same_sequences) {
  past.reorder(rows);
  if (same_sequences) return;
  memory = {index_select(memory.k, 0, rows), index_select(memory.v, 0, rows)};
}

std::vector<DecoderCache> TransformerDecoder::start(const Tensor& memory) const {
  std::vector<DecoderCache> caches;
  for (const DecoderLayer& layer : layers_) caches.push_back({KvCache(), layer.project(memory)});
  return caches;
}

}  // namespace tapehead::nn
