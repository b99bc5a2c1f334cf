// Compares models of every family with the outputs of transformers for the same weights, and checks
// that saving them restores the files.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/formats/detail/json.h"
#include "tapehead/nn/hf/bert.h"
#include "tapehead/nn/hf/gpt.h"
#include "tapehead/nn/hf/t5.h"
#include "tapehead/nn/hf/vit.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/hf_folder.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::test;
using tapehead::testing::error_of;
namespace hf = tapehead::nn::hf;

TEST_CASE("models of transformers give its logits, and go back as they came") {
  for (const HfCase& c : kHfCases) check_case(c);
}

TEST_CASE("weights come with a prefix or without, and with old buffers and names") {
  const Scratch scratch, again;
  const HfCase& gpt2 = case_of("GPT-2");
  std::vector<NamedTensor> weights = weights_of(gpt2);
  for (auto& [name, tensor] : weights) name = name.substr(std::string("transformer.").size());
  weights.emplace_back("h.0.attn.bias", ones({1, 1, 8, 8}));
  weights.emplace_back("lm_head.weight", weights.back().second);
  for (const auto& [name, tensor] : weights)
    if (name == "wte.weight") weights.back().second = tensor;
  CHECK(worst(run_hf(folder_of(scratch, gpt2, weights), again.path()), gpt2.out) < 2e-6);

  const HfCase& llama = case_of("Llama");
  weights = weights_of(llama);
  weights.emplace_back("model.layers.1.self_attn.rotary_emb.inv_freq", ones({3}));
  CHECK(worst(run_hf(folder_of(scratch, llama, weights), again.path()), llama.out) < 2e-6);

  const HfCase& t5 = case_of("T5");
  weights = weights_of(t5);
  weights.emplace_back("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight",
                       ones({8, 2}));
  for (auto& [name, tensor] : weights)  // stored once, under another of its names
    if (name == "shared.weight") name = "encoder.embed_tokens.weight";
  CHECK(worst(run_hf(folder_of(scratch, t5, weights), again.path()), t5.out) < 2e-6);

  const HfCase& bert = case_of("BERT's masked language model");
  weights = weights_of(bert);
  for (auto& [name, tensor] : weights) {
    if (name.ends_with("LayerNorm.weight")) name.replace(name.size() - 6, 6, "gamma");
    if (name.ends_with("LayerNorm.bias")) name.replace(name.size() - 4, 4, "beta");
  }
  weights.emplace_back("cls.seq_relationship.bias", ones({2}));
  weights.emplace_back("bert.pooler.dense.bias", ones({8}));
  weights.emplace_back("bert.embeddings.position_ids", arange(8));
  CHECK(worst(run_hf(folder_of(scratch, bert, weights), again.path()), bert.out) < 2e-6);
}

TEST_CASE("a head is tied as the weights are") {
  for (const char* name : {"GPT-2", "T5", "BERT's masked language model"}) {
    CAPTURE(name);
    const HfCase& c = case_of(name);
    const bool bert = std::string(name).starts_with("BERT");
    std::vector<NamedTensor> weights = weights_of(c);
    Tensor embedding;
    for (const auto& [each, tensor] : weights)
      if (tensor.shape() == Shape{11, 8}) embedding = tensor;
    const char* head = bert ? "cls.predictions.decoder.weight" : "lm_head.weight";
    if (bert) weights.emplace_back("cls.predictions.decoder.bias", zeros({11}));
    weights.emplace_back(head, -embedding);
    const Scratch scratch, again;
    const Tensor out = run_hf(folder_of(scratch, c, weights), again.path());
    if (!bert) CHECK(worst(-out, c.out) < 2e-6);
    CHECK(sorted(hf::read_folder(again.path()).weights) == sorted([&] {
            if (bert)  // the bias that transformers does not use
              for (auto& [each, tensor] : weights)
                if (each == "cls.predictions.bias") tensor = zeros({11});
            return weights;
          }()));
  }
}

TEST_CASE("a file of another architecture: every difference, and nothing is loaded") {
  const Scratch scratch;
  std::vector<NamedTensor> weights = weights_of(case_of("Llama"));
  hf::Folder folder = folder_of(scratch, case_of("GPT-2"));
  const nn::Params params(1);
  params.describe("GPT-2");
  const nn::Gpt gpt(params / "gpt", hf::gpt_config(folder));
  folder.weights = weights;
  const auto before = params["gpt.token.weight"].to_vector<float>();
  const std::string error = error_of<FormatError>([&] { hf::load(folder, gpt); });
  CHECK(error.starts_with((scratch / "model.safetensors") +
                          " does not fit GPT-2: missing h.0.ln_1.weight, h.0.ln_1.bias, "));
  CHECK(error.find("ln_f.bias, wpe.weight; unexpected model.embed_tokens.weight, "
                   "model.layers.0.input_layernorm.weight, ") != std::string::npos);
  CHECK(error.ends_with(" and 8 more; nothing was loaded"));
  weights = weights_of(case_of("GPT-2"));
  weights[0].first = "transformer.h.0.attn.c_attn.bais";
  weights[1].second = ones({24, 8});
  weights.emplace_back("lm_head.weight", ones({11, 8}));
  folder.weights = weights;
  CHECK(error_of<FormatError>([&] { hf::load(folder, gpt); }) ==
        (scratch / "model.safetensors") +
            " does not fit GPT-2: missing transformer.h.0.attn.c_attn.bias; unexpected "
            "transformer.h.0.attn.c_attn.bais; lm_head.weight and transformer.wte.weight differ, "
            "but are tied in the model; transformer.h.0.attn.c_attn.weight is [24, 8] in the file, "
            "[8, 24] in the model; nothing was loaded");
  weights = weights_of(case_of("GPT-2"));
  weights.emplace_back("ln_f.bias", ones({8}));
  folder.weights = weights;
  CHECK(error_of<FormatError>([&] { hf::load(folder, gpt); }) ==
        (scratch / "model.safetensors") +
            " does not fit GPT-2: ln_f.bias appears twice, with and without its prefix; nothing "
            "was loaded");
  CHECK(params["gpt.token.weight"].to_vector<float>() == before);
}

TEST_CASE("weights are not loaded while an average is in the model") {
  const Scratch scratch;
  const hf::Folder folder = folder_of(scratch, case_of("GPT-2"));
  const nn::Params params(1);
  const nn::Gpt gpt(params.root(), hf::gpt_config(folder));
  params.set_swapped_in("Ema");
  CHECK(error_of<GraphError>([&] { hf::load(folder, gpt); }) ==
        "load: the model has the averages of Ema in place of its weights; end the scope of swap() "
        "before load()");
}

TEST_CASE("BERT without its head, for fine-tuning") {
  const Scratch scratch;
  const hf::Folder folder = folder_of(scratch, case_of("BERT's masked language model"));
  const nn::Params params(1);
  nn::BertConfig config = hf::bert_config(folder);
  config.pooler = true;
  const nn::Bert bert(params.root(), config);
  const auto pooler = params["pooler.weight"].to_vector<float>();
  hf::load(folder, bert);
  CHECK(params["pooler.weight"].to_vector<float>() == pooler);
  for (const auto& [name, tensor] : folder.weights)
    if (name == "bert.embeddings.word_embeddings.weight")
      CHECK(params["token.weight"].to_vector<float>() == tensor.to_vector<float>());
}

TEST_CASE("models that transformers does not have are not saved") {
  const Scratch scratch;
  const auto refuse = [&](const auto& make) {
    return error_of<ValueError>([&] {
      const nn::Params params(1);
      hf::save(scratch / "model", make(params / "model"));
    });
  };
  const nn::Activation odd = [](const Tensor& x) { return sin(x); };
  const nn::GptConfig gpt{.vocab_size = 3,
                          .context = 4,
                          .transformer = {.embed_dim = 4, .num_heads = 2, .num_layers = 1}};
  const struct {
    const char *gpt2, *llama;  // the options that the error names
    void (*change)(nn::TransformerOptions& t);
  } cases[] = {
      {"norm.type", "attention.rope",
       [](nn::TransformerOptions& t) { t.norm.type = nn::NormType::rms_norm; }},
      {"attention.rope", "norm.type",
       [](nn::TransformerOptions& t) { t.attention.rope = RopeOptions{.interleaved = true}; }},
      {"attention.scale", "norm.type", [](nn::TransformerOptions& t) { t.attention.scale = 0.5; }},
      {"attention.packed_qkv", "norm.type",
       [](nn::TransformerOptions& t) { t.attention.packed_qkv = false; }},
      {"norm.type", "attention.rope",
       [](nn::TransformerOptions& t) {
         t.norm.type = nn::NormType::rms_norm;
         t.ffn.gated = true;
         t.attention.rope = RopeOptions{.interleaved = true};
       }},
  };
  for (const auto& [gpt2, llama, change] : cases) {
    nn::GptConfig c = gpt;
    change(c.transformer);
    const std::string error = refuse([&](const nn::Scope& at) { return nn::Gpt(at, c); });
    CAPTURE(error);
    CHECK(
        error.starts_with(fmt::format("save: transformers has no model like this Gpt: gpt2 "
                                      "differs in {}, llama differs in {}, ",
                                      gpt2, llama)));
    CHECK(error.ends_with("; use Params::save to save its parameters"));
  }
  CHECK(refuse([&](const nn::Scope& at) {
          nn::GptConfig c = gpt;
          c.transformer.activation = odd;
          return nn::Gpt(at, c);
        }) ==
        "save: config.json has no name for the activation of this Gpt; use Params::save to save "
        "its parameters");
  for (const auto& [model_type, why] :
       {std::pair{"llama", "llama differs in norm.type"}, {"rnn", "there is no 'rnn'"}}) {
    nn::GptConfig c = gpt;
    c.model_type = model_type;
    CHECK(refuse([&](const nn::Scope& at) { return nn::Gpt(at, c); }) ==
          fmt::format("save: transformers has no model like this Gpt: {}; clear model_type in its "
                      "config to save it as any family that fits",
                      why));
  }
  CHECK(refuse([&](const nn::Scope& at) {
          return nn::T5(at, {.vocab_size = 3,
                             .transformer = {.embed_dim = 4,
                                             .num_heads = 2,
                                             .ffn_dim = 4,
                                             .num_layers = 1,
                                             .activation = odd}});
        }) ==
        "save: config.json has no name for the activation of this T5; use Params::save to save its "
        "parameters");
  CHECK(refuse([&](const nn::Scope& at) {
          return nn::Bert(
              at, {.vocab_size = 3,
                   .transformer = {
                       .embed_dim = 4, .num_heads = 2, .num_layers = 1, .activation = odd}});
        }) ==
        "save: config.json has no name for the activation of this Bert; use Params::save to save "
        "its parameters");
  CHECK(refuse([&](const nn::Scope& at) {
          return nn::Vit(at, {.image_size = {4, 4},
                              .patch_size = {2, 2},
                              .transformer = {.embed_dim = 4, .num_heads = 2, .num_layers = 1},
                              .mean_pool = true});
        }) ==
        "save: transformers has no model like this Vit: vit differs in mean_pool; use Params::save "
        "to save its parameters");
  CHECK(refuse([&](const nn::Scope& at) {
          return nn::Vit(at, {.image_size = {4, 4},
                              .patch_size = {2, 2},
                              .num_classes = 2,
                              .transformer = {.embed_dim = 4, .num_heads = 2, .num_layers = 1},
                              .pooler = 4});
        }) ==
        "save: transformers has no model like this Vit: none has a pooler before a head; "
        "use Params::save to save its parameters");
  CHECK(refuse([&](const nn::Scope& at) {
          return nn::Bert(
              at, {.vocab_size = 3,
                   .transformer = {
                       .embed_dim = 4, .num_heads = 2, .num_layers = 1, .norm_first = true}});
        }) ==
        "save: transformers has no model like this Bert: bert differs in norm_first; use "
        "Params::save to save its parameters");
  CHECK(scratch.count() == 0);
}

TEST_CASE("a model is saved as the family that it was loaded as, though others fit as well") {
  const Scratch scratch, again, free;
  core::Json config = core::parse_json(case_of("Mistral").config, "config");
  config["sliding_window"] = nullptr;
  HfCase c = case_of("Mistral");
  const std::string text = config.dump();
  c.config = text.c_str();
  hf::save(again.path(), hf::load(folder_of(scratch, c)));
  const hf::Folder saved = hf::read_folder(again.path());
  CHECK(saved.model_type == "mistral");
  CHECK(saved.architecture == "MistralForCausalLM");
  CHECK(saved.config.find("\"sliding_window\": null") != std::string::npos);

  const nn::Params params(1);
  nn::GptConfig open = hf::gpt_config(saved);
  CHECK(open.model_type == "mistral");
  open.model_type = "";
  hf::save(free.path(), nn::Gpt(params.root(), open));
  CHECK(hf::read_folder(free.path()).model_type == "llama");
}

TEST_CASE("load(folder) makes the class that config.json names") {
  const Scratch scratch;
  const auto loaded = [&](const char* name) { return hf::load(folder_of(scratch, case_of(name))); };
  const hf::Model gpt = loaded("Llama");
  CHECK(gpt.model_type == "llama");
  CHECK(gpt.as<nn::Gpt>().config().model_type == "llama");
  CHECK(gpt.params.contains("gpt.token.weight"));
  CHECK_FALSE(gpt.as<nn::Gpt>().scope().training());
  CHECK(loaded("T5 1.1").as<nn::T5>().config().transformer.ffn.gated);
  CHECK(loaded("ViT").as<nn::Vit>().config().num_classes == 0);
  CHECK(loaded("BERT").as<nn::Bert>().config().pooler);
  CHECK(loaded("BERT's masked language model").params.contains("head.transform.weight"));
  loaded("BERT's masked language model").as<hf::BertForMaskedLM>();
  loaded("BERT's classifier").as<hf::BertForSequenceClassification>();
  CHECK(error_of<ValueError>([&] { gpt.as<nn::T5>(); }) ==
        "as: this model is a LlamaForCausalLM of model_type 'llama', which is another class");
  // The last folder, with another model_type.
  hf::Folder other = hf::read_folder(scratch.path());
  other.model_type = "mamba";
  CHECK(error_of<FormatError>([&] { hf::load(other); }) ==
        (scratch / "config.json") + ": models of model_type 'mamba' are not supported");
  CHECK(hf::load(scratch.path()).model_type == "bert");
}
