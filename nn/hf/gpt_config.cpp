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
  c.vocab = f.size("vocab_size");
  c.context = f.size("n_positions");
  c.width = f.size("n_embd");
  c.layers = f.layers("n_layer");
  c.heads = f.size("n_head");
  c.hidden = f.size("n_inner", 4 * c.width);
  c.eps = f.number("layer_norm_epsilon");
  c.dropout = f.number("resid_pdrop", 0.1);
  c.act = read_activation(f, "activation_function");
  c.tied = f.flag("tie_word_embeddings", true);
  if (!f.flag("scale_attn_weights", true)) c.scale = 1;
  c.scale_by_layer = f.flag("scale_attn_by_inverse_layer_idx", false);
  f.ignore({"attn_pdrop", "embd_pdrop", "n_ctx", "reorder_and_upcast_attn", "summary_activation",
            "summary_first_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj"});
  return c;
}

// Biases and windows, in which the members of the family differ.
void read_variant(Fields& f, const std::string& model_type, GptConfig& c) {
  c.bias = false;
  if (model_type == "llama") {
    c.bias = f.flag("mlp_bias", false);
    c.qkv_bias = c.out_bias = f.flag("attention_bias", false);
  } else if (model_type == "mistral") {
    f.ignore({"sliding_window"});
    if (f.has("sliding_window")) c.window = f.count("sliding_window");
  } else {
    c.qkv_bias = true;
    f.only("use_sliding_window", false);
    f.ignore({"sliding_window", "max_window_layers"});
    f.only_each("layer_types", "full_attention", c.layers);
  }
}

GptConfig read_llama(Fields& f, const std::string& model_type) {
  GptConfig c;
  c.vocab = f.size("vocab_size");
  c.context = f.count("max_position_embeddings");
  c.width = f.size("hidden_size");
  c.layers = f.layers("num_hidden_layers");
  c.heads = f.size("num_attention_heads");
  c.hidden = f.size("intermediate_size");
  // Without the field, Llama has as many as heads; the others have a number of their own.
  c.kv_heads = model_type == "llama" ? f.size("num_key_value_heads", c.heads)
                                     : f.size("num_key_value_heads");
  c.head_width = f.size("head_dim", std::max<int64_t>(1, c.width / c.heads));
  f.check_size("num_attention_heads", c.heads * c.head_width);
  c.eps = f.number("rms_norm_eps");
  c.act = read_activation(f, "hidden_act");
  c.rope = read_rope(f, c.context);
  c.tied = f.flag("tie_word_embeddings", false);
  c.rms = c.gated = true;
  f.ignore({"attention_dropout", "pretraining_tp"});
  read_variant(f, model_type, c);
  return c;
}

int64_t head_width(const GptConfig& c) {
  return c.head_width > 0 ? c.head_width : c.width / c.heads;
}
int64_t kv_heads(const GptConfig& c) { return c.kv_heads > 0 ? c.kv_heads : c.heads; }
int64_t hidden(const GptConfig& c) { return c.hidden > 0 ? c.hidden : 4 * c.width; }
bool qkv_bias(const GptConfig& c) { return c.qkv_bias.value_or(c.bias); }
bool out_bias(const GptConfig& c) { return c.out_bias.value_or(c.bias); }

Json gpt2_json(const GptConfig& c) {
  return {{"vocab_size", c.vocab},
          {"n_positions", c.context},
          {"n_embd", c.width},
          {"n_layer", c.layers},
          {"n_head", c.heads},
          {"n_inner", hidden(c)},
          {"activation_function", name_of(c.act)},
          {"layer_norm_epsilon", c.eps},
          {"resid_pdrop", c.dropout},
          {"embd_pdrop", c.dropout},
          {"attn_pdrop", c.dropout},
          {"scale_attn_weights", !c.scale},
          {"scale_attn_by_inverse_layer_idx", c.scale_by_layer}};
}

Json llama_json(const GptConfig& c, const std::string& model_type) {
  Json out = {{"vocab_size", c.vocab},          {"max_position_embeddings", c.context},
              {"hidden_size", c.width},         {"num_hidden_layers", c.layers},
              {"num_attention_heads", c.heads}, {"num_key_value_heads", kv_heads(c)},
              {"head_dim", head_width(c)},      {"intermediate_size", hidden(c)},
              {"hidden_act", name_of(c.act)},   {"rms_norm_eps", c.eps}};
  write_rope(*c.rope, out);
  if (model_type == "llama") {
    out["attention_bias"] = qkv_bias(c);
    out["mlp_bias"] = c.bias;
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
  const bool all_biases = c.bias && qkv_bias(c) && out_bias(c);
  const bool gpt2 = !c.rope && !c.rms && !c.gated && all_biases && c.window == 0 &&
                    kv_heads(c) == c.heads && head_width(c) * c.heads == c.width &&
                    c.scale.value_or(1) == 1;
  const bool rotates =
      c.rope && !c.rope->interleaved && (c.rope->width == 0 || c.rope->width == head_width(c));
  const bool llama = rotates && c.rms && c.gated && !c.scale && !c.scale_by_layer;
  const bool no_biases = !c.bias && !qkv_bias(c) && !out_bias(c);
  if (!name_of(c.act).empty()) {
    if (gpt2) return "gpt2";
    if (llama && c.window == 0 && qkv_bias(c) == out_bias(c)) return "llama";
    if (llama && c.window > 0 && no_biases) return "mistral";
    if (llama && c.window == 0 && !c.bias && !out_bias(c)) return "qwen2";
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
