// Models of every family against what transformers made of the same weights, and back again.
#include <doctest/doctest.h>

#include <algorithm>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/file.h"
#include "tapehead/nn/hf/bert.h"
#include "tapehead/nn/hf/gpt.h"
#include "tapehead/nn/hf/t5.h"
#include "tapehead/nn/hf/vit.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/hf_folder.h"
#include "tapehead/tests/oracles/formula.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::test;
using tapehead::testing::error_of;
namespace hf = tapehead::nn::hf;

namespace {

// What hf_record.py passes.
const Tensor kIds = tensor({{1, 6, 0, 5}, {4, 9, 3, 8}});
Tensor mask() { return (tensor({{1, 1, 1, 1}, {1, 1, 1, 0}}) != 0).unsqueeze(1).unsqueeze(1); }

// The folder's model in f64, on those inputs; saved again into another folder.
Tensor run(const hf::Folder& folder, const std::string& again) {
  const NoGrad off;
  const nn::Params params(1);
  params.describe(folder.architecture);
  const nn::Scope at = params / "model";
  const hf::SaveOptions options{.from = &folder};
  const auto ready = [&](const auto&... parts) {
    params.to(f64);
    params.eval();
    hf::load(folder, parts...);
    params.to(f32);
    hf::save(again, parts..., options);
    params.to(f64);
  };
  if (folder.model_type == "t5") {
    const nn::T5 t5(at, hf::t5_config(folder));
    ready(t5);
    return t5(kIds, tensor({{3, 8, 2, 7}, {6, 0, 5, 10}}), {.mask = mask()});
  }
  if (folder.model_type == "vit") {
    const nn::Vit vit(at, hf::vit_config(folder));
    ready(vit);
    const auto [h, w] = vit.config().image_size;
    const Tensor pixels = formula({2, vit.config().num_channels, h, w}, 1);
    return vit.config().num_classes > 0 ? vit(pixels) : vit.encode(pixels).out;
  }
  if (folder.model_type != "bert") {
    const nn::Gpt gpt(at, hf::gpt_config(folder));
    ready(gpt);
    return gpt(kIds, {.mask = mask()});
  }
  const nn::Bert bert(at, hf::bert_config(folder));
  const nn::BertInput input{.token_types = tensor({{0, 0, 1, 1}, {0, 1, 1, 1}}),
                            .attention = {.mask = mask()}};
  if (folder.architecture == "BertForMaskedLM") {
    const nn::MaskedLmHead head(params / "head", bert, hf::bert_tied(folder));
    ready(bert, head);
    return head(bert(kIds, input));
  }
  if (folder.architecture == "BertForSequenceClassification") {
    const nn::SequenceClassifier head(params / "head", bert, hf::class_count(folder));
    ready(bert, head);
    return head(bert.pooled(bert(kIds, input)));
  }
  ready(bert);
  return bert(kIds, input);
}

double worst(const Tensor& got, const std::vector<double>& want) {
  const std::vector<double> numbers = got.to_vector<double>();
  REQUIRE(numbers.size() == want.size());
  double out = 0;
  for (size_t i = 0; i < want.size(); ++i) out = std::max(out, std::abs(numbers[i] - want[i]));
  return out;
}

// Names and values, in the order of the names.
std::vector<std::pair<std::string, std::vector<float>>> sorted(std::vector<NamedTensor> weights) {
  std::sort(weights.begin(), weights.end(), [](auto& a, auto& b) { return a.first < b.first; });
  std::vector<std::pair<std::string, std::vector<float>>> out;
  for (const auto& [name, tensor] : weights)
    out.emplace_back(name + tensor.shape().str(), tensor.to_vector<float>());
  return out;
}

}  // namespace

TEST_CASE("models of transformers give its logits, and go back as they came") {
  for (const HfCase& c : kHfCases) {
    CAPTURE(c.name);
    const Scratch scratch, first, second;
    // transformers computes rotations in f32.
    CHECK(worst(run(folder_of(scratch, c), first.path()), c.out) < 2e-6);
    const hf::Folder again = hf::read_folder(first.path());
    CHECK(sorted(again.weights) == sorted(weights_of(c)));
    CHECK(worst(run(again, second.path()), c.out) < 2e-6);
    for (const char* file : {"config.json", "model.safetensors"})
      CHECK(read_file(first / file) == read_file(second / file));
  }
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
  CHECK(worst(run(folder_of(scratch, gpt2, weights), again.path()), gpt2.out) < 2e-6);

  const HfCase& llama = case_of("Llama");
  weights = weights_of(llama);
  weights.emplace_back("model.layers.1.self_attn.rotary_emb.inv_freq", ones({3}));
  CHECK(worst(run(folder_of(scratch, llama, weights), again.path()), llama.out) < 2e-6);

  const HfCase& t5 = case_of("T5");
  weights = weights_of(t5);
  weights.emplace_back("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight",
                       ones({8, 2}));
  for (auto& [name, tensor] : weights)  // the only copy, under another of its names
    if (name == "shared.weight") name = "encoder.embed_tokens.weight";
  CHECK(worst(run(folder_of(scratch, t5, weights), again.path()), t5.out) < 2e-6);

  const HfCase& bert = case_of("BERT's masked language model");
  weights = weights_of(bert);
  for (auto& [name, tensor] : weights) {
    if (name.ends_with("LayerNorm.weight")) name.replace(name.size() - 6, 6, "gamma");
    if (name.ends_with("LayerNorm.bias")) name.replace(name.size() - 4, 4, "beta");
  }
  weights.emplace_back("cls.seq_relationship.bias", ones({2}));
  weights.emplace_back("bert.pooler.dense.bias", ones({8}));
  weights.emplace_back("bert.embeddings.position_ids", arange(8));
  CHECK(worst(run(folder_of(scratch, bert, weights), again.path()), bert.out) < 2e-6);
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
    const Tensor out = run(folder_of(scratch, c, weights), again.path());
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
            "transformer.h.0.attn.c_attn.bais; lm_head.weight is not transformer.wte.weight, of "
            "which the model makes one; transformer.h.0.attn.c_attn.weight is [24, 8] in the file, "
            "[8, 24] in the model; nothing was loaded");
  weights = weights_of(case_of("GPT-2"));
  weights.emplace_back("ln_f.bias", ones({8}));
  folder.weights = weights;
  CHECK(error_of<FormatError>([&] { hf::load(folder, gpt); }) ==
        (scratch / "model.safetensors") +
            " does not fit GPT-2: ln_f.bias is there twice, with and without its prefix; nothing "
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
  const std::string no_gpt =
      "save: transformers has no model like this Gpt: it must be as GPT-2 (LayerNorm, learned "
      "positions, biases, no gate) or as Llama, Mistral or Qwen2 (RMSNorm, rotary positions, a "
      "gate), with an activation that config.json has a name for; Params::save writes its "
      "parameters";
  for (const int what : {0, 1, 2, 3, 4}) {
    CAPTURE(what);
    nn::GptConfig c = gpt;
    if (what == 0) c.transformer.norm.type = nn::NormType::rms_norm;
    if (what == 1) c.transformer.attention.rope = RopeOptions{};
    if (what == 2) c.transformer.activation = odd;
    if (what == 4) c.transformer.attention.scale = 0.5;
    if (what == 3) {
      c.transformer.norm.type = nn::NormType::rms_norm;
      c.transformer.ffn.gated = true;
      c.transformer.attention.rope = RopeOptions{.interleaved = true};
    }
    CHECK(refuse([&](const nn::Scope& at) { return nn::Gpt(at, c); }) == no_gpt);
  }
  CHECK(refuse([&](const nn::Scope& at) {
          return nn::T5(at, {.vocab_size = 3,
                             .transformer = {.embed_dim = 4,
                                             .num_heads = 2,
                                             .ffn_dim = 4,
                                             .num_layers = 1,
                                             .activation = odd}});
        }) ==
        "save: config.json has no name for the activation of this T5; Params::save writes its "
        "parameters");
  CHECK(refuse([&](const nn::Scope& at) {
          return nn::Bert(
              at, {.vocab_size = 3,
                   .transformer = {
                       .embed_dim = 4, .num_heads = 2, .num_layers = 1, .activation = odd}});
        }) ==
        "save: config.json has no name for the activation of this Bert; Params::save writes "
        "its parameters");
  CHECK(refuse([&](const nn::Scope& at) {
          return nn::Vit(at, {.image_size = {4, 4},
                              .patch_size = {2, 2},
                              .transformer = {.embed_dim = 4, .num_heads = 2, .num_layers = 1},
                              .mean_pool = true});
        }) ==
        "save: transformers has no model like this Vit: it must have learned positions, a "
        "class token, no pooler before its head, and an activation that config.json has a "
        "name for; Params::save writes its parameters");
  CHECK(scratch.count() == 0);
}
