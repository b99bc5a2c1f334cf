// What the options of a Transformer leave open.
#include "tapehead/nn/transformer.h"

namespace tapehead::nn {
namespace {

// For each kind of field: 0, none, empty and false are open.
template <class T>
void fill(T& field, const T& otherwise) {
  if (!field) field = otherwise;
}

void fill(MultiHeadOptions& o, const MultiHeadOptions& other) {
  fill(o.embed_dim, other.embed_dim);
  fill(o.num_heads, other.num_heads);
  fill(o.num_kv_heads, other.num_kv_heads);
  fill(o.head_dim, other.head_dim);
  fill(o.memory_dim, other.memory_dim);
  fill(o.dropout, other.dropout);
  fill(o.scale, other.scale);
  fill(o.bias, other.bias);
  fill(o.out_bias, other.out_bias);
  fill(o.packed_qkv, other.packed_qkv);
  fill(o.rope, other.rope);
  fill(o.init, other.init);
  fill(o.q_init, other.q_init);
  fill(o.out_init, other.out_init);
}

void fill(FeedForwardOptions& o, const FeedForwardOptions& other) {
  fill(o.embed_dim, other.embed_dim);
  fill(o.ffn_dim, other.ffn_dim);
  fill(o.activation, other.activation);
  fill(o.gated, other.gated);
  fill(o.dropout, other.dropout);
  fill(o.kernel_size, other.kernel_size);
  fill(o.bias, other.bias);
  fill(o.init, other.init);
  fill(o.out_init, other.out_init);
}

void fill(NormOptions& o, const NormOptions& other) {
  fill(o.type, other.type);
  fill(o.eps, other.eps);
  fill(o.bias, other.bias);
  fill(o.make, other.make);
}

void fill(TransformerOptions& o, const TransformerOptions& other) {
  fill(o.embed_dim, other.embed_dim);
  fill(o.num_heads, other.num_heads);
  fill(o.ffn_dim, other.ffn_dim);
  fill(o.num_layers, other.num_layers);
  fill(o.dropout, other.dropout);
  fill(o.activation, other.activation);
  fill(o.norm_first, other.norm_first);
  fill(o.bias, other.bias);
  fill(o.init, other.init);
  fill(o.out_init, other.out_init);
  fill(o.attention, other.attention);
  fill(o.ffn, other.ffn);
  fill(o.norm, other.norm);
  fill(o.mixture, other.mixture);
  fill(o.make_ffn, other.make_ffn);
  fill(o.make_layer, other.make_layer);
  fill(o.make_decoder_layer, other.make_decoder_layer);
}

}  // namespace

TransformerOptions completed(const TransformerOptions& options,
                             const TransformerOptions& defaults) {
  TransformerOptions o = options;
  fill(o, defaults);
  fill(o, {.num_heads = 1,
           .num_layers = 6,
           .dropout = 0,
           .activation = relu,
           .norm_first = true,
           .bias = true,
           .init = init::xavier_uniform(),
           .ffn = {.kernel_size = 1},
           .norm = {.type = NormType::layer_norm}});
  fill(o.ffn_dim, 4 * o.embed_dim);
  fill(o.out_init, o.init);

  fill(o.attention.num_heads, o.num_heads);
  const int64_t H = o.num_heads = o.attention.num_heads;
  const bool divides = H > 0 && o.embed_dim % H == 0;
  fill(o.attention, {.embed_dim = o.embed_dim,
                     .num_kv_heads = H,
                     .head_dim = divides ? o.embed_dim / H : 0,
                     .memory_dim = o.embed_dim,
                     .dropout = o.dropout,
                     .bias = o.bias,
                     .packed_qkv = false,
                     .init = o.init,
                     .out_init = o.out_init});
  fill(o.attention.out_bias, o.attention.bias);
  fill(o.ffn, {.embed_dim = o.embed_dim,
               .ffn_dim = o.ffn_dim,
               .activation = o.activation,
               .dropout = o.dropout,
               .bias = o.bias,
               .init = o.init,
               .out_init = o.out_init});
  o.ffn_dim = o.ffn.ffn_dim;
  o.activation = o.ffn.activation;
  const bool rms = *o.norm.type == NormType::rms_norm;
  fill(o.norm, {.eps = rms ? RMSNormOptions().eps : LayerNormOptions().eps, .bias = o.bias});
  return o;
}

}  // namespace tapehead::nn
