// StarCoder2 against transformers 5.24.0. The case was printed by
//
//   tests/oracles/hf_record.py Starcoder2ForCausalLM '{"vocab_size": 11, "hidden_size": 8,
//     "intermediate_size": 6, "num_hidden_layers": 2, "num_attention_heads": 4,
//     "num_key_value_heads": 2, "max_position_embeddings": 32, "sliding_window": 2,
//     "rope_parameters": {"rope_type": "default", "rope_theta": 500.0}, "bos_token_id": 1,
//     "eos_token_id": 2}'
#include <doctest/doctest.h>

#include "tapehead/core/formats/detail/json.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/hf_folder.h"

namespace tapehead::starcoder2_test {

using namespace test;
using testing::error_of;
namespace hf = nn::hf;

namespace {

// clang-format off
const HfCase kCase =
    {"Starcoder2ForCausalLM",
     R"({"architectures": ["Starcoder2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 1, "dtype": "float32", "embedding_dropout": 0.0, "eos_token_id": 2, "hidden_act": "gelu_pytorch_tanh", "hidden_size": 8, "initializer_range": 0.018042, "intermediate_size": 6, "max_position_embeddings": 32, "model_type": "starcoder2", "norm_epsilon": 1e-05, "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2, "pad_token_id": null, "residual_dropout": 0.0, "rope_parameters": {"rope_theta": 500.0, "rope_type": "default"}, "sliding_window": 2, "tie_word_embeddings": true, "transformers_version": "5.24.0", "use_bias": true, "use_cache": true, "vocab_size": 11})",
     {{"model.embed_tokens.weight", {11, 8}},
      {"model.layers.0.input_layernorm.bias", {8}},
      {"model.layers.0.input_layernorm.weight", {8}},
      {"model.layers.0.mlp.c_fc.bias", {6}},
      {"model.layers.0.mlp.c_fc.weight", {6, 8}},
      {"model.layers.0.mlp.c_proj.bias", {8}},
      {"model.layers.0.mlp.c_proj.weight", {8, 6}},
      {"model.layers.0.post_attention_layernorm.bias", {8}},
      {"model.layers.0.post_attention_layernorm.weight", {8}},
      {"model.layers.0.self_attn.k_proj.bias", {4}},
      {"model.layers.0.self_attn.k_proj.weight", {4, 8}},
      {"model.layers.0.self_attn.o_proj.bias", {8}},
      {"model.layers.0.self_attn.o_proj.weight", {8, 8}},
      {"model.layers.0.self_attn.q_proj.bias", {8}},
      {"model.layers.0.self_attn.q_proj.weight", {8, 8}},
      {"model.layers.0.self_attn.v_proj.bias", {4}},
      {"model.layers.0.self_attn.v_proj.weight", {4, 8}},
      {"model.layers.1.input_layernorm.bias", {8}},
      {"model.layers.1.input_layernorm.weight", {8}},
      {"model.layers.1.mlp.c_fc.bias", {6}},
      {"model.layers.1.mlp.c_fc.weight", {6, 8}},
      {"model.layers.1.mlp.c_proj.bias", {8}},
      {"model.layers.1.mlp.c_proj.weight", {8, 6}},
      {"model.layers.1.post_attention_layernorm.bias", {8}},
      {"model.layers.1.post_attention_layernorm.weight", {8}},
      {"model.layers.1.self_attn.k_proj.bias", {4}},
      {"model.layers.1.self_attn.k_proj.weight", {4, 8}},
      {"model.layers.1.self_attn.o_proj.bias", {8}},
      {"model.layers.1.self_attn.o_proj.weight", {8, 8}},
      {"model.layers.1.self_attn.q_proj.bias", {8}},
      {"model.layers.1.self_attn.q_proj.weight", {8, 8}},
      {"model.layers.1.self_attn.v_proj.bias", {4}},
      {"model.layers.1.self_attn.v_proj.weight", {4, 8}},
      {"model.norm.bias", {8}},
      {"model.norm.weight", {8}}},
     {0.624738564, -0.169322903, 0.654767428, 0.392631385, -0.185989486, -0.781383721, -0.209536255, 0.399242973, 0.106931935, -0.211059077, -0.845534917, 0.619777396, -0.195321371, 0.647497611, 0.378148931, -0.206540143, -0.787547633, -0.23495407, 0.394751216, 0.120728038, -0.208356489, -0.852781409, 0.574738892, -0.105132929, 0.63309202, 0.420279348, -0.159946747, -0.689938879, -0.162246111, 0.421187265, 0.0865831135, -0.152063635, -0.758123808, 0.652177431, -0.21891382, 0.654001611, 0.394781527, -0.0956455249, -0.864735439, -0.210058519, 0.334889512, 0.0488524127, -0.30905839, -0.89817616, 0.660343348, -0.380451458, 0.492074008, 0.189446931, -0.362185349, -0.89373553, -0.376624871, 0.16406642, 0.163638852, -0.26580814, -0.944260334, 0.613603716, -0.238315729, 0.563017499, 0.388460443, -0.0822300257, -0.829111485, -0.217492922, 0.26673752, -0.00772564486, -0.281119843, -0.850647453, 0.593493917, -0.331774517, 0.531435237, 0.28449977, -0.206373694, -0.828030923, -0.329106131, 0.225820591, 0.0894221229, -0.270134263, -0.873628644, 0.642288543, -0.145344318, 0.665171861, 0.431066204, -0.0665528633, -0.814744029, -0.150418907, 0.388610165, 0.030059874, -0.279234545, -0.852042373}};
// clang-format on

// config.json of bigcode/starcoder2-3b.
constexpr const char* kPublished = R"({"architectures": ["Starcoder2ForCausalLM"],
  "attention_dropout": 0.1, "attention_softmax_in_fp32": true, "bos_token_id": 0,
  "embedding_dropout": 0.1, "eos_token_id": 0, "hidden_act": "gelu_pytorch_tanh",
  "hidden_size": 3072, "initializer_range": 0.018042, "intermediate_size": 12288,
  "layer_norm_epsilon": 1e-05, "max_position_embeddings": 16384, "mlp_type": "default",
  "model_type": "starcoder2", "norm_epsilon": 1e-05, "norm_type": "layer_norm",
  "num_attention_heads": 24, "num_hidden_layers": 30, "num_key_value_heads": 2,
  "residual_dropout": 0.1, "rope_theta": 999999.4420358813,
  "scale_attention_softmax_in_fp32": true, "scale_attn_weights": true, "sliding_window": 4096,
  "transformers_version": "4.37.0.dev0", "use_bias": true, "use_cache": true,
  "vocab_size": 49152})";

hf::Folder folder_of(const std::string& config) {
  hf::Folder folder;
  folder.path = "m";
  folder.config = config;
  folder.model_type = "starcoder2";
  folder.architecture = "Starcoder2ForCausalLM";
  return folder;
}

}  // namespace

TEST_CASE("StarCoder2 gives the logits of transformers, and goes back as it came") {
  check_case(kCase);
}

TEST_CASE("StarCoder2: config.json") {
  const nn::GptConfig c = nn::completed(hf::gpt_config(folder_of(kPublished)));
  const nn::TransformerOptions& t = c.transformer;
  CHECK(c.window == 4096);
  CHECK(c.tied);
  CHECK(t.dropout == 0.1);
  CHECK(t.norm.type == nn::NormType::layer_norm);
  CHECK(t.attention.num_kv_heads == 2);
  CHECK(t.attention.rope->base == 999999.4420358813);
  CHECK(t.attention.bias == true);
  CHECK_FALSE(t.ffn.gated);
  // The published number of parameters.
  const nn::Params params = nn::Params::shapes_only();
  const nn::Gpt gpt(params.root(), c);
  CHECK(params.count() == 3030371328);

  core::Json config = core::parse_json(kPublished, "config");
  config["use_bias"] = false;
  const nn::GptConfig bare = nn::completed(hf::gpt_config(folder_of(config.dump())));
  CHECK_FALSE(*bare.transformer.attention.bias);
  CHECK_FALSE(*bare.transformer.attention.out_bias);
  CHECK_FALSE(*bare.transformer.ffn.bias);
  CHECK(*bare.transformer.norm.bias);
  config["norm_type"] = "rms_norm";
  CHECK(error_of<FormatError>([&] { hf::gpt_config(folder_of(config.dump())); }) ==
        "m/config.json: 'norm_type' is \"rms_norm\"; only \"layer_norm\" is supported");
}

}  // namespace tapehead::starcoder2_test
