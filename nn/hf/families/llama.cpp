// Llama (Touvron et al. 2023), Mistral (Jiang et al. 2023) and Qwen2 (Yang et al. 2024).
#include <algorithm>

#include "tapehead/nn/hf/detail/families.h"

namespace tapehead::nn::hf {
namespace {

// The fields that the three have in common. num_key_value_heads defaults to num_attention_heads for
// Llama; the others require it.
void common_fields(ConfigIo& io, GptConfig& c, bool kv_heads_required) {
  TransformerOptions& t = c.transformer;
  MultiHeadOptions& a = t.attention;
  io.size("vocab_size", c.vocab_size);
  io.count("max_position_embeddings", c.context);
  io.size("hidden_size", t.embed_dim);
  io.layers("num_hidden_layers", t.num_layers);
  io.size("num_attention_heads", t.num_heads);
  io.size("intermediate_size", t.ffn_dim);
  if (kv_heads_required) io.size("num_key_value_heads", a.num_kv_heads);
  else io.size("num_key_value_heads", a.num_kv_heads, t.num_heads);
  io.size("head_dim", a.head_dim, std::max<int64_t>(1, t.embed_dim / t.num_heads));
  io.check_size("num_attention_heads", t.num_heads * a.head_dim);
  io.constant(t.norm.type, NormType::rms_norm);
  io.number("rms_norm_eps", t.norm.eps);
  io.activation("hidden_act", t.activation);
  io.constant(t.ffn.gated, true);
  io.rope(a.rope, c.context);
  io.flag("tie_word_embeddings", c.tied, false);
  io.ignore({"attention_dropout", "pretraining_tp"});
}

void llama_fields(ConfigIo& io, GptConfig& c) {
  common_fields(io, c, false);
  io.flag("mlp_bias", c.transformer.bias, false);
  io.flag("attention_bias", c.transformer.attention.bias, false);
}

void mistral_fields(ConfigIo& io, GptConfig& c) {
  common_fields(io, c, true);
  io.constant(c.transformer.bias, false);
  io.count_or_null("sliding_window", c.window);
}

void qwen2_fields(ConfigIo& io, GptConfig& c) {
  common_fields(io, c, true);
  io.constant(c.transformer.bias, false);
  io.constant(c.transformer.attention.bias, true);
  io.constant(c.transformer.attention.out_bias, false);
  io.fixed("use_sliding_window", false);
  io.ignore({"sliding_window", "max_window_layers"});
  io.only_each("layer_types", "full_attention", c.transformer.num_layers);
}

const std::vector<Row> kLlamaRows = {
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
    {"layers.*.feed_forward.gate", {"model.layers.*.mlp.gate_proj"}},
    {"layers.*.feed_forward.up", {"model.layers.*.mlp.up_proj"}},
    {"layers.*.feed_forward.down", {"model.layers.*.mlp.down_proj"}},
    {"norm", {"model.norm"}},
    {"head", {"lm_head"}},
};

Mapping llama_weights(const GptConfig& c) {
  return {.rows = kLlamaRows,
          .prefix = "model.",
          .prefixed = c.head,
          .ignored = {"model.layers.*.self_attn.rotary_emb.inv_freq"},
          .copies = {{"lm_head.weight", "model.embed_tokens.weight"}},
          .joined = joined_heads(completed(c).transformer.attention)};
}

}  // namespace

const GptFamily kLlama = {"llama", "LlamaForCausalLM", "LlamaModel", llama_fields, llama_weights};
const GptFamily kMistral = {"mistral", "MistralForCausalLM", "MistralModel", mistral_fields,
                            llama_weights};
const GptFamily kQwen2 = {"qwen2", "Qwen2ForCausalLM", "Qwen2Model", qwen2_fields, llama_weights};

}  // namespace tapehead::nn::hf
