// StarCoder2: Lozhkov et al. 2024.
#include "tapehead/nn/hf/detail/families.h"

namespace tapehead::nn::hf {
namespace {

void starcoder2_fields(ConfigIo& io, GptConfig& c) {
  TransformerOptions& t = c.transformer;
  io.size("vocab_size", c.vocab_size);
  io.count("max_position_embeddings", c.context);
  io.size("hidden_size", t.embed_dim);
  io.layers("num_hidden_layers", t.num_layers);
  io.size("num_attention_heads", t.num_heads);
  io.size("num_key_value_heads", t.attention.num_kv_heads);
  io.size("intermediate_size", t.ffn_dim);
  io.activation("hidden_act", t.activation);
  io.number("norm_epsilon", t.norm.eps);
  io.flag("use_bias", t.bias, true);
  io.constant(t.norm.bias, true);
  io.rope(t.attention.rope, c.context);
  io.count_or_null("sliding_window", c.window);
  io.number("residual_dropout", t.dropout, 0);
  io.copy("attention_dropout", t.dropout);
  io.copy("embedding_dropout", t.dropout);
  io.flag("tie_word_embeddings", c.tied, true);
  io.only("mlp_type", "default");
  io.only("norm_type", "layer_norm");
  io.only("scale_attn_weights", true);
  io.ignore({"attention_softmax_in_fp32", "layer_norm_epsilon", "scale_attention_softmax_in_fp32"});
}

const std::vector<Row> kStarcoder2Rows = {
    {"token", {"model.embed_tokens"}},
    {"layers.*.norm1", {"model.layers.*.input_layernorm"}},
    {"layers.*.attention.qkv",
     {"model.layers.*.self_attn.q_proj", "model.layers.*.self_attn.k_proj",
      "model.layers.*.self_attn.v_proj"}},
    {"layers.*.attention.q", {"model.layers.*.self_attn.q_proj"}},
    {"layers.*.attention.k", {"model.layers.*.self_attn.k_proj"}},
    {"layers.*.attention.v", {"model.layers.*.self_attn.v_proj"}},
    {"layers.*.attention.out", {"model.layers.*.self_attn.o_proj"}},
    {"layers.*.norm2", {"model.layers.*.post_attention_layernorm"}},
    {"layers.*.feed_forward.up", {"model.layers.*.mlp.c_fc"}},
    {"layers.*.feed_forward.down", {"model.layers.*.mlp.c_proj"}},
    {"norm", {"model.norm"}},
    {"head", {"lm_head"}},
};

Mapping starcoder2_weights(const GptConfig& c) {
  return {.rows = kStarcoder2Rows,
          .prefix = "model.",
          .prefixed = c.head,
          .copies = {{"lm_head.weight", "model.embed_tokens.weight"}},
          .joined = joined_heads(completed(c).transformer.attention)};
}

}  // namespace

const GptFamily kStarcoder2 = {"starcoder2", "Starcoder2ForCausalLM", "Starcoder2Model",
                               starcoder2_fields, starcoder2_weights};

}  // namespace tapehead::nn::hf
