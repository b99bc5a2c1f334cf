#include "tapehead/nn/hf/detail/same_model.h"

#include <algorithm>
#include <initializer_list>

#include "tapehead/nn/hf/detail/activation.h"

namespace tapehead::nn::hf {
namespace {

struct Option {
  const char* name;
  bool same;
};

std::string first_other(std::initializer_list<Option> options) {
  for (const Option& o : options)
    if (!o.same) return o.name;
  return "";
}

bool same(const RopeScaling& a, const RopeScaling& b) {
  if (a.kind != b.kind) return false;
  const bool linear = a.factor == b.factor;
  const bool lengths = linear && a.original_length == b.original_length;
  switch (a.kind) {
    case RopeScaling::none: return true;
    case RopeScaling::linear: return linear;
    case RopeScaling::llama3:
      return lengths && a.low_frequency == b.low_frequency && a.high_frequency == b.high_frequency;
    case RopeScaling::yarn:
      return lengths && a.beta_fast == b.beta_fast && a.beta_slow == b.beta_slow &&
             a.magnitude == b.magnitude;
  }
  return false;
}

bool same(const std::optional<RopeOptions>& a, const std::optional<RopeOptions>& b,
          int64_t head_dim) {
  if (!a || !b) return a.has_value() == b.has_value();
  const auto dim = [&](const RopeOptions& o) { return o.dim != 0 ? o.dim : head_dim; };
  return dim(*a) == dim(*b) && a->base == b->base && a->interleaved == b->interleaved &&
         same(a->scaling, b->scaling);
}

template <class T>
bool neither(const T& a, const T& b) {
  return !a && !b;
}

std::string difference(const TransformerOptions& a, const TransformerOptions& b) {
  const MultiHeadOptions &p = a.attention, &q = b.attention;
  const bool rms = a.norm.type == NormType::rms_norm;
  const auto kernel = [](const TransformerOptions& o) {
    return std::max<int64_t>(1, o.ffn.kernel_size);
  };
  return first_other({{"make_layer", neither(a.make_layer, b.make_layer)},
                      {"make_decoder_layer", neither(a.make_decoder_layer, b.make_decoder_layer)},
                      {"embed_dim", a.embed_dim == b.embed_dim},
                      {"num_heads", a.num_heads == b.num_heads},
                      {"ffn_dim", a.ffn_dim == b.ffn_dim},
                      {"num_layers", a.num_layers == b.num_layers},
                      {"activation", name_of(a.activation) == name_of(b.activation)},
                      {"norm_first", a.norm_first == b.norm_first},
                      {"norm.make", neither(a.norm.make, b.norm.make)},
                      {"norm.type", a.norm.type == b.norm.type},
                      {"norm.eps", a.norm.eps == b.norm.eps},
                      {"norm.bias", rms || a.norm.bias == b.norm.bias},
                      {"bias", a.bias == b.bias},
                      {"attention.num_kv_heads", p.num_kv_heads == q.num_kv_heads},
                      {"attention.head_dim", p.head_dim == q.head_dim},
                      {"attention.scale", p.scale == q.scale},
                      {"attention.bias", p.bias == q.bias},
                      {"attention.out_bias", p.out_bias == q.out_bias},
                      {"attention.rope", same(p.rope, q.rope, p.head_dim)},
                      {"ffn.gated", a.ffn.gated == b.ffn.gated},
                      {"ffn.bias", a.ffn.bias == b.ffn.bias},
                      {"ffn.kernel_size", kernel(a) == kernel(b)},
                      {"mixture", neither(a.mixture, b.mixture)},
                      {"make_ffn", neither(a.make_ffn, b.make_ffn)}});
}

}  // namespace

std::string difference(const GptConfig& a, const GptConfig& b) {
  const std::string other = first_other({{"vocab_size", a.vocab_size == b.vocab_size},
                                         {"context", a.context == b.context},
                                         {"scale_by_layer", a.scale_by_layer == b.scale_by_layer},
                                         {"window", a.window == b.window},
                                         {"tied", a.tied == b.tied}});
  return other.empty() ? difference(a.transformer, b.transformer) : other;
}

std::string difference(const BertConfig& a, const BertConfig& b) {
  const std::string other = first_other({{"vocab_size", a.vocab_size == b.vocab_size},
                                         {"context", a.context == b.context},
                                         {"token_types", a.token_types == b.token_types}});
  return other.empty() ? difference(a.transformer, b.transformer) : other;
}

std::string difference(const T5Config& a, const T5Config& b) {
  const std::string other =
      first_other({{"vocab_size", a.vocab_size == b.vocab_size},
                   {"num_decoder_layers", a.num_decoder_layers == b.num_decoder_layers},
                   {"num_buckets", a.num_buckets == b.num_buckets},
                   {"max_distance", a.max_distance == b.max_distance},
                   {"tied", a.tied == b.tied},
                   {"scale_logits", a.scale_logits == b.scale_logits},
                   {"pad", a.pad == b.pad},
                   {"eos", a.eos == b.eos}});
  return other.empty() ? difference(a.transformer, b.transformer) : other;
}

std::string difference(const VitConfig& a, const VitConfig& b) {
  const std::string other =
      first_other({{"image_size", a.image_size == b.image_size},
                   {"patch_size", a.patch_size == b.patch_size},
                   {"num_channels", a.num_channels == b.num_channels},
                   {"fixed_positions", a.fixed_positions == b.fixed_positions},
                   {"mean_pool", a.mean_pool == b.mean_pool}});
  return other.empty() ? difference(a.transformer, b.transformer) : other;
}

}  // namespace tapehead::nn::hf
