#include "tapehead/nn/transformer.h"

#include <fmt/format.h>

#include "tapehead/autograd/ops.h"

namespace tapehead::nn {
namespace {

MultiHeadOptions self_attention(const TransformerOptions& o) {
  MultiHeadOptions attention = o.attention;
  attention.memory_dim = attention.embed_dim;
  return attention;
}

MultiHeadOptions memory_attention_of(const TransformerOptions& o) {
  MultiHeadOptions attention = o.attention;
  attention.packed_qkv = false;
  attention.rope = {};
  return attention;
}

// x plus a part's output, normalized before or after.
template <class Part>
Tensor residual(const Tensor& x, const AnyLayer& norm, const AnyLayer& dropout, bool norm_first,
                const Part& part) {
  if (norm_first) return x + dropout(part(norm(x)));
  return norm(x + dropout(part(x)));
}

AnyLayer feed_forward_of(const Scope& at, const TransformerOptions& o) {
  if (o.make_ffn) return o.make_ffn(at, o.ffn);
  return FeedForward(at, o.ffn);
}

const TransformerOptions& for_decoder(const Scope& at, const TransformerOptions& o) {
  nn::at(at, [&] {
    if (o.mixture)
      throw ValueError(
          "decoder_layer: mixtures of experts are for layers without a memory; leave `mixture` "
          "out");
    if (o.ffn.kernel_size != 1)
      throw ValueError(
          fmt::format("decoder_layer: a kernel of {} would look ahead; leave `kernel_size` out",
                      o.ffn.kernel_size));
  });
  return o;
}

template <class Layer>
std::vector<Layer> stack_of(const Scope& at, const TransformerOptions& o,
                            Layer (*make)(const Scope&, const TransformerOptions&, int64_t)) {
  std::vector<Layer> layers;
  layers.reserve(static_cast<size_t>(o.num_layers));
  for (int64_t i = 0; i < o.num_layers; ++i) layers.push_back(make(at / i, o, i));
  return layers;
}

// After the layers, where each normalizes its inputs.
AnyLayer last_norm(const Scope& at, const TransformerOptions& options) {
  const TransformerOptions o = completed(options);
  return *o.norm_first ? make_norm(at, o.embed_dim, o.norm) : AnyLayer();
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

EncoderLayer::EncoderLayer(const Scope& at, const TransformerOptions& options)
    : EncoderLayer(at, completed(options), nullptr) {}

EncoderLayer::EncoderLayer(const Scope& at, const TransformerOptions& o, std::nullptr_t)
    : norm1(make_norm(at / "norm1", o.embed_dim, o.norm)),
      norm2(make_norm(at / "norm2", o.embed_dim, o.norm)),
      attention(at / "attention", self_attention(o)),
      dropout(Dropout(at / "dropout", *o.dropout)),
      at_(at),
      norm_first_(*o.norm_first),
      kernel_size_(o.ffn.kernel_size) {
  const Scope place = at / "feed_forward";
  if (o.mixture) experts.emplace(place, o.ffn, *o.mixture);
  else ffn = feed_forward_of(place, o);
}

template <class Attend>
EncoderLayerOutput EncoderLayer::run(Tensor x, const Tensor& lengths, const Attend& attend) const {
  EncoderLayerOutput result;
  x = residual(x, norm1, dropout, norm_first_, [&](const Tensor& t) {
    const AttentionOutput a = attend(t);
    result.attention_weights = a.weights;
    return a.out;
  });
  result.out = residual(x, norm2, dropout, norm_first_, [&](const Tensor& t) {
    if (const auto* own = ffn.target<FeedForward>()) return (*own)(t, lengths);
    if (!experts) return ffn(t);
    const MoeOutput moe = (*experts)(t);
    result.balance_loss = moe.balance_loss;
    result.dropped = moe.dropped;
    return moe.out;
  });
  return result;
}

EncoderLayerOutput EncoderLayer::attend(const Tensor& x, const AttentionOptions& options) const {
  nn::at(at_,
         [&] { check_kernel(kernel_size_, options.causal || options.packed.queries.defined()); });
  return run(x, options.lengths, [&](const Tensor& t) { return attention.attend(t, t, options); });
}

Tensor EncoderLayer::operator()(const Tensor& x, const AttentionOptions& options) const {
  return attend(x, options).out;
}

Tensor EncoderLayer::operator()(const Tensor& x, KvCache& cache,
                                const AttentionOptions& options) const {
  nn::at(at_, [&] { check_kernel(kernel_size_, true); });
  const auto attend = [&](const Tensor& t) {
    return AttentionOutput{attention(t, cache, options), {}};
  };
  return run(x, {}, attend).out;
}

DecoderLayer::DecoderLayer(const Scope& at, const TransformerOptions& options)
    : DecoderLayer(at, completed(options), nullptr) {}

DecoderLayer::DecoderLayer(const Scope& at, const TransformerOptions& o, std::nullptr_t)
    : norm1(make_norm(at / "norm1", for_decoder(at, o).embed_dim, o.norm)),
      norm2(make_norm(at / "norm2", o.embed_dim, o.norm)),
      norm3(make_norm(at / "norm3", o.embed_dim, o.norm)),
      attention(at / "attention", self_attention(o)),
      memory_attention(at / "memory_attention", memory_attention_of(o)),
      ffn(feed_forward_of(at / "feed_forward", o)),
      dropout(Dropout(at / "dropout", *o.dropout)),
      norm_first_(*o.norm_first) {}

template <class Self, class Memory>
AttentionOutput DecoderLayer::run(Tensor x, const Self& self, const Memory& memory) const {
  Tensor weights;
  x = residual(x, norm1, dropout, norm_first_, self);
  x = residual(x, norm2, dropout, norm_first_, [&](const Tensor& t) {
    const AttentionOutput a = memory(t);
    weights = a.weights;
    return a.out;
  });
  return {residual(x, norm3, dropout, norm_first_, ffn), weights};
}

AttentionOutput DecoderLayer::operator()(const Tensor& x, const Tensor& memory,
                                         const AttentionOptions& self_options,
                                         const AttentionOptions& memory_options) const {
  return run(
      x, [&](const Tensor& t) { return attention(t, self_options); },
      [&](const Tensor& t) { return memory_attention.attend(t, memory, memory_options); });
}

AttentionOutput DecoderLayer::operator()(const Tensor& x, DecoderCache& cache,
                                         const AttentionOptions& self_options,
                                         const AttentionOptions& memory_options) const {
  return run(
      x, [&](const Tensor& t) { return attention(t, cache.past, self_options); },
      [&](const Tensor& t) { return memory_attention.attend(t, cache.memory, memory_options); });
}

AnyEncoderLayer make_encoder_layer(const Scope& at, const TransformerOptions& options,
                                   int64_t index) {
  if (options.make_layer) return options.make_layer(at, completed(options), index);
  return EncoderLayer(at, options);
}

AnyDecoderLayer make_decoder_layer(const Scope& at, const TransformerOptions& options,
                                   int64_t index) {
  if (options.make_decoder_layer) return options.make_decoder_layer(at, completed(options), index);
  return DecoderLayer(at, options);
}

TransformerEncoder::TransformerEncoder(const Scope& at, const TransformerOptions& o)
    : layers(stack_of(at / "layers", completed(o), make_encoder_layer)),
      norm(last_norm(at / "norm", o)) {}

void EncoderOutput::add(const EncoderLayerOutput& layer, int64_t num_layers) {
  out = layer.out;
  if (layer.attention_weights.defined()) attention_weights.push_back(layer.attention_weights);
  dropped += layer.dropped;
  if (!layer.balance_loss.defined()) return;
  const Tensor share = layer.balance_loss / num_layers;
  balance_loss = balance_loss.defined() ? balance_loss + share : share;
}

EncoderOutput TransformerEncoder::attend(const Tensor& x, const AttentionOptions& options) const {
  EncoderOutput encoded{.out = x};
  for (const AnyEncoderLayer& layer : layers)
    encoded.add(layer.attend(encoded.out, options), static_cast<int64_t>(layers.size()));
  if (norm) encoded.out = norm(encoded.out);
  return encoded;
}

Tensor TransformerEncoder::operator()(const Tensor& x, const AttentionOptions& options) const {
  return attend(x, options).out;
}

TransformerDecoder::TransformerDecoder(const Scope& at, const TransformerOptions& o)
    : layers(stack_of(at / "layers", completed(o), make_decoder_layer)),
      norm(last_norm(at / "norm", o)) {}

template <class Layer>
AttentionOutput TransformerDecoder::run(Tensor x, const AttentionOptions& memory_options,
                                        const Layer& layer) const {
  AttentionOptions without_weights = memory_options;  // of the layers before the last
  without_weights.weights_of = {};
  Tensor weights;
  for (size_t i = 0; i < layers.size(); ++i) {
    const AttentionOutput a = layer(i, x, i + 1 < layers.size() ? without_weights : memory_options);
    x = a.out;
    weights = a.weights;
  }
  return {norm ? norm(x) : x, weights};
}

AttentionOutput TransformerDecoder::operator()(const Tensor& x, const Tensor& memory,
                                               const AttentionOptions& memory_options,
                                               AttentionOptions self_options) const {
  self_options.causal = true;
  return run(x, memory_options, [&](size_t i, const Tensor& t, const AttentionOptions& o) {
    return layers[i](t, memory, self_options, o);
  });
}

AttentionOutput TransformerDecoder::operator()(const Tensor& x, std::vector<DecoderCache>& caches,
                                               const AttentionOptions& memory_options,
                                               AttentionOptions self_options) const {
  if (caches.size() != layers.size())
    throw ValueError(fmt::format("transformer_decoder: {} caches for {} layers; start() makes them",
                                 caches.size(), layers.size()));
  self_options.causal = true;
  return run(x, memory_options, [&](size_t i, const Tensor& t, const AttentionOptions& o) {
    return layers[i](t, caches[i], self_options, o);
  });
}

std::vector<DecoderCache> TransformerDecoder::start(const Tensor& memory) const {
  std::vector<DecoderCache> caches;
  for (size_t i = 0; i < layers.size(); ++i) {
    if (!layers[i].has_cache())
      throw ValueError(fmt::format(
          "transformer_decoder: layers[{}] has no operator() with a DecoderCache, which generation "
          "needs; add it",
          i));
    caches.push_back({KvCache(), layers[i].project(memory)});
  }
  return caches;
}

}  // namespace tapehead::nn
