#include "tapehead/nn/hf/gpt.h"

#include "tapehead/nn/hf/detail/gpt.h"

namespace tapehead::nn::hf {
namespace {

const std::vector<Row> kGpt2 = {
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

const std::vector<Row> kLlama = {
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

}  // namespace

Mapping gpt_mapping(const GptConfig& c, const std::string& model_type) {
  if (model_type == "gpt2")
    return {.rows = kGpt2,
            .prefix = "transformer.",
            .prefixed = c.head,
            .ignored = {"transformer.h.*.attn.bias", "transformer.h.*.attn.masked_bias"},
            .copies = {{"lm_head.weight", "transformer.wte.weight"}}};
  const MultiHeadOptions a = completed(c).transformer.attention;
  const int64_t queries = a.head_dim * a.num_heads, keys = a.head_dim * a.num_kv_heads;
  return {.rows = kLlama,
          .prefix = "model.",
          .prefixed = c.head,
          .ignored = {"model.layers.*.self_attn.rotary_emb.inv_freq"},
          .copies = {{"lm_head.weight", "model.embed_tokens.weight"}},
          .joined = {queries, keys, keys}};
}

void load(const Folder& folder, const Gpt& model) {
  const Mapping mapping = gpt_mapping(model.config(), folder.model_type);
  load_weights(folder, places_of(model.scope(), mapping), mapping, model.scope().params());
}

void save(const std::string& path, const Gpt& model, const SaveOptions& options) {
  const Mapping mapping = gpt_mapping(model.config(), model_type_of(model.config()));
  const std::vector<Place> places = places_of(model.scope(), mapping);
  Json config = gpt_json(model.config());
  config["torch_dtype"] = dtype_name(places);
  save_folder(path, config, places, mapping, options);
}

}  // namespace tapehead::nn::hf
