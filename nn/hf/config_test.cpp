// Reading config.json, and the errors for one that is not supported.
#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/formats/detail/json.h"
#include "tapehead/nn/hf/bert.h"
#include "tapehead/nn/hf/gpt.h"
#include "tapehead/nn/hf/t5.h"
#include "tapehead/nn/hf/vit.h"
#include "tapehead/tests/expect.h"

namespace tapehead::config_test {

using testing::error_of;
namespace hf = nn::hf;

namespace {

constexpr const char* kGpt2 = R"({"model_type": "gpt2", "vocab_size": 9, "n_positions": 8,
  "n_embd": 4, "n_layer": 3, "n_head": 2, "layer_norm_epsilon": 1e-5, "activation_function":
  "gelu_new", "use_cache": true, "n_ctx": 8, "task_specific_params": {"a": {"b": 1}}})";
constexpr const char* kLlama = R"({"model_type": "llama", "vocab_size": 9,
  "max_position_embeddings": 8, "hidden_size": 4, "num_hidden_layers": 3, "num_attention_heads": 2,
  "intermediate_size": 5, "hidden_act": "silu", "rms_norm_eps": 1e-6, "rope_theta": 5e5})";
constexpr const char* kT5 = R"({"model_type": "t5", "vocab_size": 9, "d_model": 4, "d_kv": 3,
  "d_ff": 5, "num_layers": 2, "num_heads": 2, "relative_attention_num_buckets": 8,
  "layer_norm_epsilon": 1e-6, "n_positions": 512})";
constexpr const char* kBert = R"({"model_type": "bert", "vocab_size": 9, "hidden_size": 4,
  "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 5, "hidden_act": "gelu",
  "max_position_embeddings": 8, "type_vocab_size": 2, "architectures": ["BertModel"]})";
constexpr const char* kVit = R"({"model_type": "vit", "image_size": [4, 8], "patch_size": 2,
  "num_channels": 1, "hidden_size": 4, "num_hidden_layers": 2, "num_attention_heads": 2,
  "intermediate_size": 5, "hidden_act": "gelu"})";

// A folder with this config after `changes`; null removes a field.
hf::Folder folder_of(const char* config, const char* changes = "{}") {
  core::Json json = core::parse_json(config, "test");
  const core::Json change = core::parse_json(changes, "test");
  for (const auto& [name, value] : change.as_object()) {
    if (value.is_null()) json.erase(name);
    else json[name] = value;
  }
  hf::Folder folder;
  folder.path = "m";
  folder.config = json.dump();
  if (!json.is_object()) return folder;
  folder.model_type = json["model_type"].as_string();
  if (json.contains("architectures")) folder.architecture = json["architectures"][0].as_string();
  return folder;
}

void read(const hf::Folder& folder) {
  if (folder.model_type == "t5") hf::t5_config(folder);
  else if (folder.model_type == "bert") hf::bert_config(folder);
  else if (folder.model_type == "vit") hf::vit_config(folder);
  else hf::gpt_config(folder);
}

}  // namespace

TEST_CASE("config.json: what is missing has the defaults of transformers") {
  const nn::GptConfig gpt2 = hf::gpt_config(folder_of(kGpt2));
  CHECK(gpt2.transformer.ffn_dim == 16);
  CHECK(gpt2.transformer.dropout == 0.1);
  CHECK(gpt2.tied);
  CHECK(gpt2.head);
  CHECK(!gpt2.transformer.attention.rope);
  const nn::GptConfig llama = hf::gpt_config(folder_of(kLlama));
  CHECK(llama.transformer.attention.num_kv_heads == 2);
  CHECK(llama.transformer.attention.head_dim == 2);
  CHECK(!llama.tied);
  CHECK(!*llama.transformer.bias);
  CHECK(llama.transformer.attention.rope->base == 5e5);
  CHECK(llama.transformer.attention.rope->scaling.kind == RopeScaling::none);
  CHECK(llama.window == 0);
  const nn::T5Config t5 = hf::t5_config(folder_of(kT5));
  CHECK(t5.num_decoder_layers == 2);
  CHECK(t5.max_distance == 128);
  CHECK(t5.scale_logits);
  CHECK(!t5.transformer.ffn.gated);
  CHECK(!hf::t5_config(folder_of(kT5, R"({"tie_word_embeddings": false})")).scale_logits);
  CHECK(hf::t5_config(folder_of(kT5, R"({"feed_forward_proj": "gated-gelu"})"))
            .transformer.ffn.gated);
  CHECK(!hf::bert_config(folder_of(kBert)).pooler);
  CHECK(hf::class_count(folder_of(kBert)) == 2);
  CHECK(hf::class_count(folder_of(kBert, R"({"num_labels": 5})")) == 5);
  CHECK(hf::vit_config(folder_of(kVit)).image_size == std::array<int64_t, 2>{4, 8});
}

TEST_CASE("config.json: fields that change nothing do not refuse a model") {
  for (const char* config : {kGpt2, kLlama, kBert, kVit, kT5})
    CHECK_NOTHROW(read(folder_of(config, R"({"_name_or_path": "gpt2", "unk_token_id": 0,
      "mask_token_id": 4, "cls_token_id": 1, "unsloth_version": "2024.9", "unsloth_fixed": true,
      "is_llama_config": true, "use_mrope": false, "rope_interleaved": false, "is_decoder": false,
      "tie_encoder_decoder": false, "pruned_heads": {}, "add_cross_attention": false,
      "cross_attention_hidden_size": null, "transformers.js_config": {"dtype": "q4"},
      "_flash_attn_2_enabled": true, "neftune_noise_alpha": 5})")));
}

TEST_CASE("config.json: the caller may name fields to ignore") {
  hf::Folder folder = folder_of(kLlama, R"({"sparsity": 0.5, "rope_interleaved": true,
    "rope_scaling": {"type": "linear", "factor": 2, "short_factor": [1]}})");
  const auto error = [&] { return error_of<FormatError>([&] { read(folder); }); };
  CHECK(error().find("'short_factor' is unknown") != std::string::npos);
  folder.ignored_fields = {"short_factor"};
  CHECK(error() == "m/config.json: 'rope_interleaved' is true; only false is supported");
  folder.ignored_fields = {"short_factor", "sparsity"};
  CHECK(error() == "m/config.json: 'rope_interleaved' is true; only false is supported");
  folder.ignored_fields = {"short_factor", "rope_interleaved", "sparsity", "not there"};
  CHECK(hf::gpt_config(folder).transformer.attention.rope->scaling.factor == 2);
  folder.ignored_fields.emplace_back("hidden_size");
  CHECK(error() == "m/config.json: there is no field 'hidden_size'");
}

TEST_CASE("config.json: as published with SmolLM2-135M and Qwen2.5-0.5B") {
  // HuggingFaceTB/SmolLM2-135M
  const nn::GptConfig smol = hf::gpt_config(folder_of(R"({
    "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
    "bos_token_id": 0, "eos_token_id": 0, "hidden_act": "silu", "hidden_size": 576,
    "initializer_range": 0.041666666666666664, "intermediate_size": 1536, "is_llama_config": true,
    "max_position_embeddings": 8192, "model_type": "llama", "num_attention_heads": 9,
    "num_hidden_layers": 30, "num_key_value_heads": 3, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
    "rope_interleaved": false, "rope_scaling": null, "rope_theta": 100000,
    "tie_word_embeddings": true, "torch_dtype": "bfloat16", "transformers_version": "4.40.1",
    "use_cache": true, "vocab_size": 49152})"));
  // Qwen/Qwen2.5-0.5B
  const nn::GptConfig qwen = hf::gpt_config(folder_of(R"({
    "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643,
    "eos_token_id": 151643, "hidden_act": "silu", "hidden_size": 896, "initializer_range": 0.02,
    "intermediate_size": 4864, "max_position_embeddings": 32768, "max_window_layers": 24,
    "model_type": "qwen2", "num_attention_heads": 14, "num_hidden_layers": 24,
    "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0,
    "sliding_window": 32768, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
    "transformers_version": "4.40.1", "use_cache": true, "use_mrope": false,
    "use_sliding_window": false, "vocab_size": 151936})"));
  const struct {
    const nn::GptConfig& c;
    int64_t vocab_size, context, embed_dim, ffn_dim, num_layers, num_heads, num_kv_heads, head_dim,
        count;
    double base, eps;
    bool qkv_bias;
  } cases[] = {{smol, 49152, 8192, 576, 1536, 30, 9, 3, 64, 134515008, 1e5, 1e-5, false},
               {qwen, 151936, 32768, 896, 4864, 24, 14, 2, 64, 494032768, 1e6, 1e-6, true}};
  for (const auto& want : cases) {
    const nn::GptConfig c = nn::completed(want.c);
    const nn::TransformerOptions& t = c.transformer;
    CAPTURE(c.vocab_size);
    CHECK(c.vocab_size == want.vocab_size);
    CHECK(c.context == want.context);
    CHECK(t.embed_dim == want.embed_dim);
    CHECK(t.ffn_dim == want.ffn_dim);
    CHECK(t.num_layers == want.num_layers);
    CHECK(t.num_heads == want.num_heads);
    CHECK(t.attention.num_kv_heads == want.num_kv_heads);
    CHECK(t.attention.head_dim == want.head_dim);
    CHECK(t.attention.rope->base == want.base);
    CHECK(t.attention.rope->scaling.kind == RopeScaling::none);
    CHECK_FALSE(t.attention.rope->interleaved);
    CHECK(t.norm.eps == want.eps);
    CHECK(t.attention.bias == want.qkv_bias);
    CHECK_FALSE(*t.attention.out_bias);
    CHECK_FALSE(*t.bias);
    CHECK(t.norm.type == nn::NormType::rms_norm);
    CHECK(t.ffn.gated);
    CHECK(c.tied);
    CHECK(c.head);
    CHECK(c.window == 0);
    CHECK(t.dropout == 0.0);
    CHECK(t.activation.name() == "silu");
    // The published number of parameters.
    const nn::Params params = nn::Params::shapes_only();
    const nn::Gpt gpt(params.root(), c);
    CHECK(params.count() == want.count);
  }
}

TEST_CASE("config.json: rotary embeddings in both spellings") {
  const auto rope = [](const char* changes) {
    return *hf::gpt_config(folder_of(kLlama, changes)).transformer.attention.rope;
  };
  const char* old = R"({"rope_scaling": {"type": "linear", "factor": 2}})";
  const char* now = R"({"rope_theta": null, "rope_parameters": {"rope_type": "linear",
    "factor": 2.0, "rope_theta": 500000}})";
  for (const char* spelt : {old, now}) {
    CHECK(rope(spelt).base == 5e5);
    CHECK(rope(spelt).scaling.kind == RopeScaling::linear);
    CHECK(rope(spelt).scaling.factor == 2);
  }
  const RopeScaling llama3 = rope(R"({"rope_scaling": {"rope_type": "llama3", "factor": 8,
    "low_freq_factor": 1, "high_freq_factor": 4}})")
                                 .scaling;
  CHECK(llama3.original_length == 8);  // max_position_embeddings
  CHECK(llama3.high_frequency == 4);
  const RopeScaling yarn = rope(R"({"rope_scaling": {"rope_type": "yarn", "factor": 4,
    "beta_fast": 16, "original_max_position_embeddings": 4, "attention_factor": 1.5}})")
                               .scaling;
  CHECK(yarn.magnitude == 1.5);
  CHECK(yarn.original_length == 4);
  CHECK(yarn.beta_fast == 16);
  CHECK(yarn.beta_slow == 1);
}

TEST_CASE("config.json: what does not fit is named") {
  const struct {
    const char *config, *changes, *error;
  } cases[] = {
      {kGpt2, R"({"n_embd": null})", "there is no field 'n_embd'"},
      {kGpt2, R"({"n_embd": "4"})", R"('n_embd' is "4"; it must be an integer from 1 to 2^31)"},
      {kGpt2, R"({"n_layer": 0})", "'n_layer' is 0; it must be an integer from 1 to 2^31"},
      {kGpt2, R"({"n_layer": 2.5})", "'n_layer' is 2.5; it must be an integer from 1 to 2^31"},
      {kGpt2, R"({"n_head": 18446744073709551615})",
       "'n_head' is 18446744073709551615; it must be an integer from 1 to 2^31"},
      {kGpt2, R"({"layer_norm_epsilon": []})", "'layer_norm_epsilon' is []; it must be a number"},
      {kGpt2, R"({"tie_word_embeddings": 1})",
       "'tie_word_embeddings' is 1; it must be true or false"},
      {kGpt2, R"({"activation_function": 3})", "'activation_function' is 3; it must be a string"},
      {kGpt2, R"({"activation_function": "xielu"})",
       "'activation_function' is \"xielu\"; relu, gelu, gelu_new, silu, tanh, sigmoid, quick_gelu, "
       "relu2, gelu_python, gelu_fast, gelu_pytorch_tanh, gelu_accurate, swish are supported"},
      {kGpt2, R"({"add_cross_attention": true})",
       "'add_cross_attention' is true; only false is supported"},
      {kGpt2, R"({"sparsity": 0.5})",
       "'sparsity' is unknown and may affect the model; add fields that do not to "
       "Folder::ignored_fields"},
      {kGpt2, R"({"sparsity": 0.5, "experts": 8, "nothing": null})",
       "'experts', 'sparsity' are unknown and may affect the model; add fields that do not to "
       "Folder::ignored_fields"},
      {"[1]", "{}", "it is not a JSON object"},
      {kGpt2, R"({"architectures": ["GPT2ForSequenceClassification"]})",
       "'architectures' is [\"GPT2ForSequenceClassification\"]; GPT2LMHeadModel and GPT2Model are "
       "supported"},
      {kLlama, R"({"rope_scaling": {"rope_type": "longrope"}})",
       "rope_scaling: 'rope_type' is \"longrope\"; default, linear, llama3 and yarn are supported"},
      {kLlama, R"({"rope_scaling": {"type": "linear"}})",
       "rope_scaling: there is no field 'factor'"},
      {kLlama, R"({"rope_scaling": {"type": "linear", "factor": -1}})",
       "rope_scaling: 'factor' is -1; it must be positive"},
      {kLlama, R"({"rope_scaling": {"type": "linear", "factor": 2, "short_factor": [1]}})",
       "rope_scaling: 'short_factor' is unknown and may affect the model; add fields that do not "
       "to Folder::ignored_fields"},
      {kLlama, R"({"rope_scaling": {"rope_type": "llama3", "factor": 2, "low_freq_factor": 4,
        "high_freq_factor": 4}})",
       "rope_scaling: 'high_freq_factor' is 4; it must be above low_freq_factor"},
      {kLlama, R"({"rope_scaling": [1]})", "'rope_scaling' is [1]; it must be an object"},
      {kLlama, R"({"rope_theta": 0})", "'rope_theta' is 0; it must be positive"},
      {kLlama, R"({"partial_rotary_factor": 0.5})",
       "'partial_rotary_factor' is 0.5; only 1.0 is supported"},
      {kLlama, R"({"model_type": "mistral"})", "there is no field 'num_key_value_heads'"},
      {kLlama, R"({"model_type": "qwen2", "num_key_value_heads": 2, "use_sliding_window": true})",
       "'use_sliding_window' is true; only false is supported"},
      {kLlama, R"({"model_type": "qwen2", "num_key_value_heads": 2, "layer_types":
        ["full_attention", "sliding_attention", "full_attention"]})",
       "'layer_types' is [\"full_attention\",\"sliding_attention\",\"full_attention\"]; only "
       "\"full_attention\" for each of 3 layers is supported"},
      {kLlama, R"({"model_type": "qwen2", "num_key_value_heads": 2, "num_hidden_layers": 2147483648,
        "layer_types": ["full_attention"]})",
       "'layer_types' is [\"full_attention\"]; only \"full_attention\" for each of 2147483648 "
       "layers is supported"},
      {kLlama, R"({"use_mrope": true})", "'use_mrope' is true; only false is supported"},
      {kLlama, R"({"rope_interleaved": true})",
       "'rope_interleaved' is true; only false is supported"},
      {kLlama, R"({"qk_layer_norms": true})", "'qk_layer_norms' is true; only false is supported"},
      {kLlama, R"({"is_decoder": true})", "'is_decoder' is true; only false is supported"},
      {kLlama, R"({"pruned_heads": {"0": [1]}})",
       "'pruned_heads' is {\"0\":[1]}; only {} is supported"},
      {kLlama, R"({"quantization_config": {"bits": 4}})",
       "'quantization_config' is unknown and may affect the model; add fields that do not to "
       "Folder::ignored_fields"},
      {kT5, R"({"relative_attention_max_distance": 2147483648})",
       "'relative_attention_max_distance' is 2147483648; it must be at most 65536"},
      {kT5, R"({"feed_forward_proj": "gated-xielu"})",
       "'feed_forward_proj' is \"gated-xielu\"; this activation is not supported"},
      {kT5, R"({"pad_token_id": -1})",
       "'pad_token_id' is -1; it must be an integer from 0 to 2^31"},
      {kBert, R"({"architectures": null})",
       "'architectures' is null; BertModel, BertForMaskedLM and BertForSequenceClassification are "
       "supported"},
      {kBert, R"({"position_embedding_type": "relative_key"})",
       "'position_embedding_type' is \"relative_key\"; only \"absolute\" is supported"},
      {kVit, R"({"image_size": [4, 8, 2]})",
       "'image_size' is [4,8,2]; it must be a size from 1 to 2^31, or a list of two"},
      {kVit, R"({"patch_size": [2, -2]})",
       "'patch_size' is [2,-2]; it must be a size from 1 to 2^31, or a list of two"},
      {kVit, R"({"image_size": 0})", "'image_size' is 0; it must be an integer from 1 to 2^31"},
      {kVit, R"({"pooler_act": "relu"})", "'pooler_act' is \"relu\"; only \"tanh\" is supported"},
  };
  for (const auto& row : cases) {
    CAPTURE(row.changes);
    CHECK(error_of<FormatError>([&] { read(folder_of(row.config, row.changes)); }) ==
          "m/config.json: " + std::string(row.error));
  }
}

TEST_CASE("config.json: a model_type of another class") {
  const std::string gpt =
      error_of<FormatError>([] { read(folder_of(kGpt2, R"({"model_type": "opt"})")); });
  CHECK(gpt.starts_with("m/config.json: 'model_type' is \"opt\"; gpt2, llama, mistral"));
  CHECK(gpt.ends_with(" are the supported types"));
  CHECK(error_of<FormatError>([] { hf::t5_config(folder_of(kGpt2)); }) ==
        "m/config.json: 'model_type' is \"gpt2\"; t5 is the supported type");
}

TEST_CASE("config.json: rubbish is refused, and nothing worse") {
  const std::string good = kLlama;
  Generator generator{.seed = 3};
  const Tensor draws = empty({1500, 2}, i64);
  core::fill_integers(draws, 0, 1 << 20, generator);
  for (int64_t i = 0; i < 1500 + static_cast<int64_t>(good.size()); ++i) {
    hf::Folder folder;
    folder.path = "m";
    folder.model_type = "llama";
    folder.config = good;
    if (i < 1500) {
      const auto draw = draws[i].to_vector<int64_t>();
      folder.config[static_cast<size_t>(draw[0]) % good.size()] = static_cast<char>(draw[1]);
    } else {
      folder.config.resize(static_cast<size_t>(i - 1500));
    }
    try {
      hf::gpt_config(folder);
    } catch (const FormatError&) {
    }
  }
}

}  // namespace tapehead::config_test
