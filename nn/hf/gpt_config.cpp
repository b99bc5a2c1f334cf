// config.json of GPT-2, Llama, Mistral and Qwen2.
#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/error.h"
#include "tapehead/nn/hf/detail/activation.h"
#include "tapehead/nn/hf/detail/gpt.h"
#include "tapehead/nn/hf/gpt.h"

namespace tapehead::nn::hf {
namespace {

// The classes with and without a head.
struct Architecture {
  const char *model_type, *with_head, *base;
};
constexpr Architecture kArchitectures[] = {{"gpt2", "GPT2LMHeadModel", "GPT2Model"},
                                           {"llama", "LlamaForCausalLM", "LlamaModel"},
                                           {"mistral", "MistralForCausalLM", "MistralModel"},
                                           {"qwen2", "Qwen2ForCausalLM", "Qwen2Model"}};

const Architecture& architecture_of(const std::string& model_type, const Fields& fields) {
  for (const Architecture& a : kArchitectures)
    if (model_type == a.model_type) return a;
  fields.fail("model_type", "gpt2, llama, mistral and qwen2 are models of this kind");
}

GptConfig read_gpt2(Fields& f) {
  GptConfig c;
  TransformerOptions& t = c.transformer;
  c.vocab_size = f.size("vocab_size");
  c.context = f.size("n_positions");
  t.embed_dim = f.size("n_embd");
  t.num_layers = f.layers("n_layer");
  t.num_heads = f.size("n_head");
  t.ffn_dim = f.size("n_inner", 4 * t.embed_dim);
  t.norm.eps = f.number("layer_norm_epsilon");
  t.dropout = f.number("resid_pdrop", 0.1);
  t.activation = read_activation(f, "activation_function");
  c.tied = f.flag("tie_word_embeddings", true);
  if (!f.flag("scale_attn_weights", true)) t.attention.scale = 1;
  c.scale_by_layer = f.flag("scale_attn_by_inverse_layer_idx", false);
  f.ignore({"attn_pdrop", "embd_pdrop", "n_ctx", "reorder_and_upcast_attn", "summary_activation",
            "summary_first_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj"});
  return c;
}

// Biases and windows, in which the members of the family differ.
void read_variant(Fields& f, const std::string& model_type, GptConfig& c) {
  TransformerOptions& t = c.transformer;
  t.bias = false;
  if (model_type == "llama") {
    t.bias = f.flag("mlp_bias", false);
    t.attention.bias = f.flag("attention_bias", false);
  } else if (model_type == "mistral") {
    f.ignore({"sliding_window"});
    if (f.has("sliding_window")) c.window = f.count("sliding_window");
  } else {
    t.attention.bias = true;
    t.attention.out_bias = false;
    f.only("use_sliding_window", false);
    f.ignore({"sliding_window", "max_window_layers"});
    f.only_each("layer_types", "full_attention", t.num_layers);
  }
}

GptConfig read_llama(Fields& f, const std::string& model_type) {
  GptConfig c;
  TransformerOptions& t = c.transformer;
  c.vocab_size = f.size("vocab_size");
  c.context = f.count("max_position_embeddings");
  t.embed_dim = f.size("hidden_size");
  t.num_layers = f.layers("num_hidden_layers");
  t.num_heads = f.size("num_attention_heads");
  t.ffn_dim = f.size("intermediate_size");
  // Without the field, Llama has as many as heads; the others have a number of their own.
  t.attention.num_kv_heads = model_type == "llama" ? f.size("num_key_value_heads", t.num_heads)
                                                   : f.size("num_key_value_heads");
  t.attention.head_dim = f.size("head_dim", std::max<int64_t>(1, t.embed_dim / t.num_heads));
  f.check_size("num_attention_heads", t.num_heads * t.attention.head_dim);
  t.norm = {.type = NormType::rms_norm, .eps = f.number("rms_norm_eps")};
  t.activation = read_activation(f, "hidden_act");
  t.ffn.gated = true;
  t.attention.rope = read_rope(f, c.context);
  c.tied = f.flag("tie_word_embeddings", false);
  f.ignore({"attention_dropout", "pretraining_tp"});
  read_variant(f, model_type, c);
  return c;
}

Json gpt2_json(const GptConfig& c) {
  const TransformerOptions& t = c.transformer;
  return {{"vocab_size", c.vocab_size},
          {"n_positions", c.context},
          {"n_embd", t.embed_dim},
          {"n_layer", t.num_layers},
          {"n_head", t.num_heads},
          {"n_inner", t.ffn_dim},
          {"activation_function", name_of(t.ffn.activation)},
          {"layer_norm_epsilon", *t.norm.eps},
          {"resid_pdrop", *t.dropout},
          {"embd_pdrop", *t.dropout},
          {"attn_pdrop", *t.dropout},
          {"scale_attn_weights", !t.attention.scale},
          {"scale_attn_by_inverse_layer_idx", c.scale_by_layer}};
}

Json llama_json(const GptConfig& c, const std::string& model_type) {
  const TransformerOptions& t = c.transformer;
  Json out = {{"vocab_size", c.vocab_size},
              {"max_position_embeddings", c.context},
              {"hidden_size", t.embed_dim},
              {"num_hidden_layers", t.num_layers},
              {"num_attention_heads", t.num_heads},
              {"num_key_value_heads", t.attention.num_kv_heads},
              {"head_dim", t.attention.head_dim},
              {"intermediate_size", t.ffn_dim},
              {"hidden_act", name_of(t.ffn.activation)},
              {"rms_norm_eps", *t.norm.eps}};
  write_rope(*t.attention.rope, out);
  if (model_type == "llama") {
    out["attention_bias"] = *t.attention.bias;
    out["mlp_bias"] = *t.bias;
  } else if (model_type == "mistral") {
    out["sliding_window"] = c.window;
  } else {
    out["use_sliding_window"] = false;
  }
  return out;
}

}  // namespace

GptConfig gpt_config(const Folder& folder) {
  Fields fields(folder);
  const Architecture& a = architecture_of(folder.model_type, fields);
  const bool gpt2 = folder.model_type == "gpt2";
  GptConfig c = gpt2 ? read_gpt2(fields) : read_llama(fields, folder.model_type);
  c.head = read_head(folder, fields, a.with_head, a.base);
  fields.finish();
  const Mapping mapping = gpt_mapping(c, folder.model_type);
  const auto& [head, embedding] = mapping.copies[0];
  if (c.head) c.tied = is_tied(folder, mapping, head, embedding, c.tied);
  check_weights(folder, mapping, [&](const Params& params) {
    return places_of(Gpt(params.root(), c).scope(), mapping);
  });
  return c;
}

std::string model_type_of(const GptConfig& c) {
  const TransformerOptions& t = c.transformer;
  const MultiHeadOptions& a = t.attention;
  const bool rms = t.norm.type == NormType::rms_norm, gated = t.ffn.gated;
  const bool usual = *t.norm_first && !t.norm.make && !t.mixture && !t.make_ffn &&
                     t.ffn.kernel_size == 1 && !name_of(t.ffn.activation).empty();
  const bool all_biases = *t.bias && *a.bias && *a.out_bias;
  const bool gpt2 = !a.rope && !rms && !gated && all_biases && c.window == 0 && *a.packed_qkv &&
                    a.num_kv_heads == t.num_heads && a.head_dim * t.num_heads == t.embed_dim &&
                    a.scale.value_or(1) == 1;
  const bool rotates =
      a.rope && !a.rope->interleaved && (a.rope->width == 0 || a.rope->width == a.head_dim);
  const bool llama = rotates && rms && gated && !a.scale && !c.scale_by_layer;
  const bool no_biases = !*t.bias && !*a.bias && !*a.out_bias;
  if (usual) {
    if (gpt2) return "gpt2";
    if (llama && c.window == 0 && *a.bias == *a.out_bias) return "llama";
    if (llama && c.window > 0 && no_biases) return "mistral";
    if (llama && c.window == 0 && !*t.bias && !*a.out_bias) return "qwen2";
  }
  throw ValueError(
      "save: transformers has no model like this Gpt: it must be as GPT-2 (LayerNorm, learned "
      "positions, biases, no gate) or as Llama, Mistral or Qwen2 (RMSNorm, rotary positions, a "
      "gate), with an activation that config.json has a name for; Params::save writes its "
      "parameters");
}

Json gpt_json(const GptConfig& c) {
  const std::string model_type = model_type_of(c);
  Json out;
  for (const Architecture& a : kArchitectures)
    if (model_type == a.model_type)
      out["architectures"] = Json::array({c.head ? a.with_head : a.base});
  out["model_type"] = model_type;
  const Json fields = model_type == "gpt2" ? gpt2_json(c) : llama_json(c, model_type);
  for (const auto& [name, value] : fields.as_object()) out[name] = value;
  out["tie_word_embeddings"] = c.tied;
  return out;
}

}  // namespace tapehead::nn::hf
