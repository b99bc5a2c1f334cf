// Sizes in config.json are checked against the weights.
#include <doctest/doctest.h>

#include "tapehead/core/allocator.h"
#include "tapehead/core/formats/detail/json.h"
#include "tapehead/nn/hf/bert.h"
#include "tapehead/nn/hf/gpt.h"
#include "tapehead/nn/hf/t5.h"
#include "tapehead/nn/hf/vit.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/hf_folder.h"

using namespace tapehead;
using namespace tapehead::test;
using tapehead::testing::error_of;
namespace hf = tapehead::nn::hf;

TEST_CASE("what config.json says of sizes is checked by the weights before a model is made") {
  const struct {
    const char *model, *field, *value, *error;
  } cases[] = {
      {"GPT-2", "n_layer", "2147483648",
       "'n_layer' is 2147483648; model.safetensors has only 16 weights"},
      {"GPT-2", "vocab_size", "100000000",
       "'vocab_size' is 100000000; the largest weight of model.safetensors has only 256 elements"},
      {"GPT-2", "n_positions", "2147483648",
       "'n_positions' is 2147483648; the largest weight of model.safetensors has only 256 "
       "elements"},
      {"GPT-2", "n_inner", "2147483648",
       "'n_inner' is 2147483648; the largest weight of model.safetensors has only 256 elements"},
      {"GPT-2", "n_head", "3",
       "multi_head_attention: 3 heads do not divide embed_dim = 8; choose another number, or give "
       "head_dim (in layers.0.attention)"},
      {"Llama", "head_dim", "2147483648",
       "'head_dim' is 2147483648; the largest weight of model.safetensors has only 192 elements"},
      {"Llama", "head_dim", "7", "rope: dim is 7; it must be positive and even"},
      {"Llama", "num_attention_heads", "64",
       "'num_attention_heads' is 64; the largest weight of model.safetensors has only 192 "
       "elements"},
      {"Llama", "num_key_value_heads", "3",
       "multi_head_attention: 3 heads of keys and values do not divide 4 heads (in "
       "layers.0.attention)"},
      {"T5", "num_heads", "2147483648",
       "'num_heads' is 2147483648; the largest weight of model.safetensors has only 88 elements"},
      {"ViT's classifier", "num_channels", "2147483648",
       "'num_channels' is 2147483648; the largest weight of model.safetensors has only 64 "
       "elements"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.model);
    CAPTURE(c.field);
    const Scratch scratch;
    hf::Folder folder = folder_of(scratch, case_of(c.model));
    core::Json config = core::parse_json(folder.config, "config");
    config[c.field] = core::parse_json(c.value, "value");
    folder.config = config.dump();
    reset_peak_memory();
    const int64_t before = memory_stats().peak_bytes;
    CHECK(error_of<FormatError>([&] {
            if (folder.model_type == "t5") hf::t5_config(folder);
            else if (folder.model_type == "vit") hf::vit_config(folder);
            else hf::gpt_config(folder);
          }) == (scratch / "config.json: ") + c.error);
    CHECK(memory_stats().peak_bytes - before < 1 << 20);
  }
}

TEST_CASE("any number in the place of any other is refused, or taken, without memory for it") {
  for (const HfCase& c : kHfCases) {
    const Scratch scratch;
    hf::Folder folder = folder_of(scratch, c);
    const core::Json config = core::parse_json(folder.config, "config");
    reset_peak_memory();
    const int64_t before = memory_stats().peak_bytes;
    for (const auto& [field, value] : config.as_object()) {
      if (!value.is_number()) continue;
      for (const int64_t number : {0l, 1l, 2l, 3l, 7l, 100l, 1l << 21, 1l << 31}) {
        core::Json other = config;
        other[field] = number;
        folder.config = other.dump();
        try {
          if (folder.model_type == "t5") hf::t5_config(folder);
          else if (folder.model_type == "vit") hf::vit_config(folder);
          else if (folder.model_type == "bert") hf::bert_config(folder);
          else hf::gpt_config(folder);
        } catch (const FormatError&) {
        }
      }
    }
    CHECK(memory_stats().peak_bytes - before < 1 << 22);
  }
}

TEST_CASE(
    "weights of other shapes than config.json says: every difference, before a model is made") {
  const Scratch scratch;
  hf::Folder folder = folder_of(scratch, case_of("GPT-2"));
  core::Json config = core::parse_json(folder.config, "config");
  config["vocab_size"] = 12;
  config["n_layer"] = 2;
  folder.config = config.dump();
  const std::string error = error_of<FormatError>([&] { hf::gpt_config(folder); });
  CHECK(error.starts_with((scratch / "model.safetensors") +
                          " does not fit its config.json: missing transformer.h.1.ln_1.weight, "));
  CHECK(
      error.ends_with("; transformer.wte.weight is [11, 8] in the file, [12, 8] in the model; "
                      "nothing was loaded"));

  const Scratch other;
  hf::Folder bert = folder_of(other, case_of("BERT's classifier"));
  config = core::parse_json(bert.config, "config");
  config["id2label"] = {{"0", "a"}};
  bert.config = config.dump();
  CHECK(error_of<FormatError>([&] { hf::class_count(bert); }) ==
        (other / "config.json: ") +
            "'id2label' is {\"0\":\"a\"}; classifier.weight is [3, 8] in model.safetensors");
}
