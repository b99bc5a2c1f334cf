// hf_logits with models of every kind, and with invalid input.
#include <doctest/doctest.h>
#include <tapehead/tapehead.h>

#include "tapehead/tests/runs/process.h"
#include "tapehead/tests/scratch.h"

using namespace tapehead;
using namespace tapehead::test;
namespace hf = tapehead::nn::hf;

namespace {

const Tensor kIds = tensor({{1, 2, 3, 4}, {5, 6, 2, 1}});
const Tensor kMask = tensor({{1, 1, 1, 1}, {1, 1, 0, 0}});
const Tensor kTypes = tensor({{0, 0, 1, 1}, {0, 1, 1, 1}});
const nn::GptConfig kGpt{.vocab_size = 7,
                         .context = 8,
                         .transformer = {.embed_dim = 4, .num_heads = 2, .num_layers = 1}};

// Runs hf_logits DIR in.npz out.npz in the folder.
Outcome hf_logits(const Scratch& folder, const std::vector<NamedTensor>& input,
                  const std::vector<std::string>& more = {}) {
  write_npz(folder / "in.npz", input);
  std::vector<std::string> words{tool("hf_logits"), "model", "in.npz", "out.npz"};
  words.insert(words.end(), more.begin(), more.end());
  return run(words, {.folder = folder.path()});
}

void check_output(const Scratch& folder, const std::string& name, const Tensor& want) {
  const std::vector<NamedTensor> out = read_npz(folder / "out.npz");
  REQUIRE(out.size() == 1);
  CHECK(out[0].first == name);
  CHECK(out[0].second.shape() == want.shape());
  CHECK(max(abs(out[0].second - want)).item() == 0);
}

}  // namespace

TEST_CASE("hf_logits runs models with and without a head") {
  const Scratch folder;
  const AttentionOptions seen{.mask = (kMask != 0).unsqueeze(1).unsqueeze(1)};
  nn::Params params(1);
  for (const bool head : {true, false}) {
    nn::GptConfig c = kGpt;
    c.head = head;
    const nn::Gpt gpt(params / (head ? "gpt" : "base"), c);
    params.eval();
    hf::save(folder / "model", gpt);
    const Outcome o = hf_logits(folder, {{"input_ids", kIds.to(i32)}, {"attention_mask", kMask}},
                                {"--save", "again"});
    CHECK(o.err.empty());
    CHECK(o.status == 0);
    check_output(folder, head ? "logits" : "last_hidden_state", gpt(kIds, seen));
    for (const char* file : {"config.json", "model.safetensors"})
      CHECK(slurp(folder / "again/" + file) == slurp(folder / "model/" + file));
  }
}

TEST_CASE("hf_logits runs encoders, decoders and images") {
  const Scratch folder;
  nn::Params params(1);
  const nn::T5 t5(params / "t5",
                  {.vocab_size = 7,
                   .transformer = {.embed_dim = 4, .num_heads = 2, .ffn_dim = 4, .num_layers = 1}});
  const nn::Bert bert(params / "bert",
                      {.vocab_size = 7,
                       .context = 8,
                       .transformer = {.embed_dim = 4, .num_heads = 2, .num_layers = 1}});
  const nn::MaskedLmHead lm(params / "lm", bert);
  const nn::SequenceClassifier classifier(params / "classifier", bert, 3);
  const nn::Vit vit(params / "vit",
                    {.image_size = {4, 4},
                     .patch_size = {2, 2},
                     .num_channels = 1,
                     .num_classes = 3,
                     .transformer = {.embed_dim = 4, .num_heads = 2, .num_layers = 1}});
  params.eval();
  hf::save(folder / "model", t5);
  CHECK(hf_logits(folder, {{"input_ids", kIds}, {"decoder_input_ids", kIds}}).status == 0);
  check_output(folder, "logits", t5(kIds, kIds));
  hf::save(folder / "model", bert, lm);
  CHECK(hf_logits(folder, {{"input_ids", kIds}}).status == 0);
  check_output(folder, "logits", lm(bert(kIds)));
  hf::save(folder / "model", bert, classifier);
  CHECK(hf_logits(folder, {{"input_ids", kIds}, {"token_type_ids", kTypes}}).status == 0);
  check_output(folder, "logits", classifier(bert.pooled(bert(kIds, {.token_types = kTypes}))));
  hf::save(folder / "model", vit);
  const Tensor pixels = randn({2, 1, 4, 4});
  CHECK(hf_logits(folder, {{"pixel_values", pixels.to(f64)}}).status == 0);
  check_output(folder, "logits", vit(pixels));
}

TEST_CASE("hf_logits: errors") {
  const Scratch folder;
  const nn::Params params(1);
  hf::save(folder / "model", nn::Gpt(params.root(), kGpt));
  const auto refuse = [&](const std::vector<NamedTensor>& input) {
    const Outcome o = hf_logits(folder, input);
    CHECK(o.status == 1);
    return o.err;
  };
  CHECK(refuse({{"ids", kIds}, {"mask", kMask}}) ==
        "hf_logits: in.npz: it lacks input_ids; it has ids, mask; this model takes input_ids, "
        "attention_mask\n");
  CHECK(refuse({{"input_ids", kIds}, {"pixel_values", kIds}}) ==
        "hf_logits: in.npz: it has pixel_values; this model takes input_ids, attention_mask\n");
  CHECK(refuse({{"input_ids", kIds.to(f32)}}) ==
        "hf_logits: in.npz: input_ids is [2, 4] f32; it must hold integers\n");
  CHECK(refuse({{"input_ids", kIds}, {"attention_mask", kMask[0]}}) ==
        "hf_logits: in.npz: attention_mask is [4] i64; expected [B, T], with 0 for padding\n");
  CHECK(refuse({{"input_ids", kIds + 3}}) ==
        "hf_logits: embedding: ids[0, 3] = 7 is outside 0..6 (in gpt.token)\n");
  const std::string config = slurp(folder / "model/config.json");
  folder.write("model/config.json", "{\"sparsity\": 0, " + config.substr(1));
  CHECK(refuse({{"input_ids", kIds}}) ==
        "hf_logits: model/config.json: 'sparsity' is unknown and may affect the model; add fields "
        "that do not to Folder::ignored_fields\n");
  CHECK(hf_logits(folder, {{"input_ids", kIds}}, {"--ignore-field", "sparsity"}).status == 0);
  folder.write("model/config.json", R"({"model_type": "mamba"})");
  CHECK(refuse({{"input_ids", kIds}}) ==
        "hf_logits: model/config.json: models of model_type 'mamba' are not supported\n");
  CHECK(run({tool("hf_logits"), "nowhere", "a", "b"}, {.folder = folder.path()}).err ==
        "hf_logits: nowhere/config.json: no such file: there is no folder nowhere\n");
  CHECK(run({tool("hf_logits"), "model"}).status != 0);
}
