#include "tapehead/nn/torch_transformer.h"

#include <cmath>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"

namespace tapehead::nn {
namespace {

using LayerOptions = TransformerLayerOptions;

MultiheadAttention attention_of(const Scope& at, int64_t d_model, int64_t nhead,
                                const LayerOptions& o) {
  return {at,
          d_model,
          nhead,
          {.dropout = o.dropout, .bias = o.bias, .batch_first = o.batch_first, .init = o.init}};
}

Linear linear_of(const Scope& at, int64_t in, int64_t out, const LayerOptions& o) {
  return {at,
          in,
          out,
          {.bias = o.bias, .init = o.init ? o.init : init::fan_in_uniform(), .bias_init = {}}};
}

LayerNorm norm_of(const Scope& at, int64_t d_model, const LayerOptions& o) {
  return {at, d_model, {.eps = o.layer_norm_eps, .bias = o.bias}};
}

// Parts of a layer, in training or evaluation.
class Block {
 public:
  Block(const LayerOptions& options, bool training) : options_(options), training_(training) {}

  template <class Part>
  Tensor residual(const Tensor& x, const LayerNorm& norm, const Part& part) const {
    if (options_.norm_first) return x + drop(part(norm(x)));
    return norm(x + drop(part(x)));
  }
  Tensor feed_forward(const Linear& linear1, const Linear& linear2, const Tensor& x) const {
    return linear2(drop(options_.activation(linear1(x))));
  }

 private:
  Tensor drop(const Tensor& x) const { return dropout(x, options_.dropout, training_); }

  const LayerOptions& options_;
  bool training_;
};

MultiheadAttentionForwardOptions without_weights(const Tensor& mask, const Tensor& padding,
                                                 bool is_causal) {
  return {.key_padding_mask = padding,
          .need_weights = false,
          .attn_mask = mask,
          .is_causal = is_causal};
}

}  // namespace

TransformerEncoderLayer::TransformerEncoderLayer(Scope at, int64_t d_model, int64_t nhead,
                                                 const LayerOptions& o)
    : self_attn(attention_of(at / "self_attn", d_model, nhead, o)),
      linear1(linear_of(at / "linear1", d_model, o.dim_feedforward, o)),
      linear2(linear_of(at / "linear2", o.dim_feedforward, d_model, o)),
      norm1(norm_of(at / "norm1", d_model, o)),
      norm2(norm_of(at / "norm2", d_model, o)),
      at_(std::move(at)),
      options_(o) {}

Tensor TransformerEncoderLayer::operator()(const Tensor& src,
                                           const TransformerEncoderMasks& masks) const {
  const Block block(options_, at_.training());
  const Tensor x = block.residual(src, norm1, [&](const Tensor& t) {
    return self_attn(t, t, t,
                     without_weights(masks.mask, masks.src_key_padding_mask, masks.is_causal))
        .out;
  });
  return block.residual(x, norm2,
                        [&](const Tensor& t) { return block.feed_forward(linear1, linear2, t); });
}

TransformerDecoderLayer::TransformerDecoderLayer(Scope at, int64_t d_model, int64_t nhead,
                                                 const LayerOptions& o)
    : self_attn(attention_of(at / "self_attn", d_model, nhead, o)),
      multihead_attn(attention_of(at / "multihead_attn", d_model, nhead, o)),
      linear1(linear_of(at / "linear1", d_model, o.dim_feedforward, o)),
      linear2(linear_of(at / "linear2", o.dim_feedforward, d_model, o)),
      norm1(norm_of(at / "norm1", d_model, o)),
      norm2(norm_of(at / "norm2", d_model, o)),
      norm3(norm_of(at / "norm3", d_model, o)),
      at_(std::move(at)),
      options_(o) {}

Tensor TransformerDecoderLayer::operator()(const Tensor& tgt, const Tensor& memory,
                                           const TransformerDecoderMasks& masks) const {
  const Block block(options_, at_.training());
  Tensor x = block.residual(tgt, norm1, [&](const Tensor& t) {
    return self_attn(
               t, t, t,
               without_weights(masks.tgt_mask, masks.tgt_key_padding_mask, masks.tgt_is_causal))
        .out;
  });
  x = block.residual(x, norm2, [&](const Tensor& t) {
    return multihead_attn(t, memory, memory,
                          without_weights(masks.memory_mask, masks.memory_key_padding_mask,
                                          masks.memory_is_causal))
        .out;
  });
  return block.residual(x, norm3,
                        [&](const Tensor& t) { return block.feed_forward(linear1, linear2, t); });
}

namespace {

LayerOptions layer_options(const TransformerModelOptions& o) {
  return {.dim_feedforward = o.dim_feedforward,
          .dropout = o.dropout,
          .activation = o.activation,
          .layer_norm_eps = o.layer_norm_eps,
          .batch_first = o.batch_first,
          .norm_first = o.norm_first,
          .bias = o.bias,
          .init = init::xavier_uniform()};
}

}  // namespace

Transformer::Transformer(Scope at, const TransformerModelOptions& o)
    : encoder(at / "encoder", o.d_model, o.nhead, o.num_encoder_layers, layer_options(o), true),
      decoder(at / "decoder", o.d_model, o.nhead, o.num_decoder_layers, layer_options(o), true),
      at_(std::move(at)) {}

Tensor Transformer::operator()(const Tensor& src, const Tensor& tgt,
                               const TransformerMasks& m) const {
  const Tensor memory =
      encoder(src, TransformerEncoderMasks{m.src_mask, m.src_key_padding_mask, m.src_is_causal});
  return decoder(
      tgt, memory,
      TransformerDecoderMasks{m.tgt_mask, m.memory_mask, m.tgt_key_padding_mask,
                              m.memory_key_padding_mask, m.tgt_is_causal, m.memory_is_causal});
}

Tensor Transformer::generate_square_subsequent_mask(int64_t size) {
  return triu(full({size, size}, -INFINITY), 1);
}

}  // namespace tapehead::nn
