// GPT-2: Radford et al. 2019.
#include "tapehead/nn/hf/detail/families.h"

namespace tapehead::nn::hf {
namespace {

void gpt2_fields(ConfigIo& io, GptConfig& c) {
  TransformerOptions& t = c.transformer;
  bool scaled = !t.attention.scale;
  io.size("vocab_size", c.vocab_size);
  io.size("n_positions", c.context);
  io.size("n_embd", t.embed_dim);
  io.layers("n_layer", t.num_layers);
  io.size("n_head", t.num_heads);
  io.size("n_inner", t.ffn_dim, 4 * t.embed_dim);
  io.number("layer_norm_epsilon", t.norm.eps);
  io.number("resid_pdrop", t.dropout, 0.1);
  io.copy("attn_pdrop", t.dropout);
  io.copy("embd_pdrop", t.dropout);
  io.activation("activation_function", t.activation);
  io.flag("tie_word_embeddings", c.tied, true);
  io.flag("scale_attn_weights", scaled, true);
  if (!scaled) io.constant(t.attention.scale, 1.0);
  io.flag("scale_attn_by_inverse_layer_idx", c.scale_by_layer, false);
  io.ignore({"n_ctx", "reorder_and_upcast_attn", "summary_activation", "summary_first_dropout",
             "summary_proj_to_labels", "summary_type", "summary_use_proj"});
}

const std::vector<Row> kGpt2Rows = {
    {"token", {"transformer.wte"}},
    {"position", {"transformer.wpe"}},
    {"layers.*.norm1", {"transformer.h.*.ln_1"}},
    {"layers.*.attention.qkv", {"transformer.h.*.attn.c_attn"}, Row::conv1d},
    {"layers.*.attention.out", {"transformer.h.*.attn.c_proj"}, Row::conv1d},
    {"layers.*.norm2", {"transformer.h.*.ln_2"}},
    {"layers.*.feed_forward.up", {"transformer.h.*.mlp.c_fc"}, Row::conv1d},
    {"layers.*.feed_forward.down", {"transformer.h.*.mlp.c_proj"}, Row::conv1d},
    {"norm", {"transformer.ln_f"}},
    {"head", {"lm_head"}},
};

Mapping gpt2_weights(const GptConfig& c) {
  return {.rows = kGpt2Rows,
          .prefix = "transformer.",
          .prefixed = c.head,
          .ignored = {"transformer.h.*.attn.bias", "transformer.h.*.attn.masked_bias"},
          .copies = {{"lm_head.weight", "transformer.wte.weight"}}};
}

}  // namespace

const GptFamily kGpt2 = {"gpt2", "GPT2LMHeadModel", "GPT2Model", gpt2_fields, gpt2_weights};

}  // namespace tapehead::nn::hf
