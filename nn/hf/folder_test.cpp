// Reading Hugging Face folders, with weights in one file or in shards.
#include "tapehead/nn/hf/folder.h"

#include <doctest/doctest.h>

#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/file.h"
#include "tapehead/nn/hf/gpt.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::folder_test {

using namespace test;
using testing::error_of;
namespace hf = nn::hf;

namespace {

constexpr const char* kIndex = "model.safetensors.index.json";

const nn::GptConfig kSmall{.vocab_size = 7,
                           .context = 4,
                           .transformer = {.embed_dim = 4, .num_heads = 2, .num_layers = 1}};

template <class E = FormatError>
std::string refusal(const Scratch& scratch) {
  const std::string error = error_of<E>([&] { hf::read_folder(scratch.path()); });
  return error.starts_with(scratch.path()) ? error.substr(scratch.path().size() + 1) : error;
}

}  // namespace

TEST_CASE("a model in shards comes back, and replaces what stood there") {
  const Scratch scratch;
  const nn::Params params(1), other(2);
  const nn::Gpt gpt(params.root(), kSmall), again(other / "deeper", kSmall);
  hf::save(scratch / "model", gpt);
  CHECK(hf::read_folder(scratch / "model").weights_file == "model.safetensors");
  hf::save(scratch / "model", gpt, {.max_shard_bytes = 400});
  const hf::Folder folder = hf::read_folder(scratch / "model");
  CHECK(folder.model_type == "gpt2");
  CHECK(folder.architecture == "GPT2LMHeadModel");
  CHECK(folder.weights_file == kIndex);
  CHECK(read_file(scratch / "model/" + kIndex).find("\"total_size\": 1184") != std::string::npos);
  CHECK_NOTHROW(read_safetensors(scratch / "model/model-00001-of-00004.safetensors"));
  hf::load(folder, again);
  for (const nn::Param& p : params.all())
    CHECK(p.value.to_vector<float>() == other["deeper." + p.path].to_vector<float>());
  hf::save(scratch / "model", gpt);
  CHECK(hf::read_folder(scratch / "model").weights_file == "model.safetensors");
}

TEST_CASE("what config.json says besides the model is kept") {
  const Scratch scratch;
  const nn::Params params(1);
  const nn::Gpt gpt(params.root(), kSmall);
  hf::Folder from;
  from.config = R"({"model_type": "gpt2", "eos_token_id": 6, "n_embd": 99, "dtype": "float16"})";
  hf::save(scratch.path(), gpt, {.from = &from});
  const std::string config = hf::read_folder(scratch.path()).config;
  CHECK(config.find("\"eos_token_id\": 6") != std::string::npos);
  CHECK(config.find("\"n_embd\": 4") != std::string::npos);
  CHECK(config.find("float16") == std::string::npos);
}

TEST_CASE("a folder that lacks something, or says what is not so") {
  const Scratch scratch;
  CHECK(refusal<IoError>(scratch) == "config.json: no such file");
  scratch.write("config.json", R"({"model_type": "gpt2")");
  CHECK(refusal(scratch) == "config.json: not JSON at byte 22");
  scratch.write("config.json", R"({"n_embd": 4})");
  CHECK(refusal(scratch) == "config.json: there is no field 'model_type'");
  scratch.write("config.json", R"({"model_type": "gpt2", "architectures": "GPT2Model"})");
  CHECK(refusal(scratch) ==
        "config.json: 'architectures' is \"GPT2Model\"; it must be a list of one name");
  scratch.write("config.json", R"({"model_type": "gpt2", "architectures": ["GPT2Model"]})");
  CHECK(refusal<IoError>(scratch) == "model.safetensors: no such file");

  const auto index = [&](const std::string& text) {
    scratch.write(kIndex, text);
    const std::string error = refusal(scratch), start = std::string(kIndex) + ": ";
    return error.starts_with(start) ? error.substr(start.size()) : error;
  };
  write_safetensors(scratch / "a.safetensors",
                    std::vector<NamedTensor>{{"w", ones({2})}, {"v", ones({2})}});
  CHECK(index(R"({"weight_map": {"w": "a.safetensors", "v": "a.safetensors"}})") == "no error");
  CHECK(index(R"({"weight_map")") == "not JSON at byte 14");
  CHECK(index(R"({"metadata": {}})") == "there is no object 'weight_map'");
  CHECK(
      index(R"({"weight_map": {"w": "../a.safetensors"}})") ==
      "the file of 'w' is \"../a.safetensors\"; it must be a .safetensors file of the same folder");
  CHECK(index(R"({"weight_map": {"w": 3}})") ==
        "the file of 'w' is 3; it must be a .safetensors file of the same folder");
  CHECK(index(R"({"weight_map": {"w": "a.safetensors"}})") ==
        "a.safetensors contains 'v', which is not listed");
  CHECK(index(R"({"weight_map": {"w": "a.safetensors", "v": "a.safetensors", "u":
              "a.safetensors"}})") == "'u' is not in a.safetensors");
  scratch.write(kIndex, R"({"weight_map": {"w": "a.safetensors", "v": "b.safetensors", "u":
              "c.safetensors"}})");
  CHECK(refusal<IoError>(scratch) ==
        std::string(kIndex) + ": it lists b.safetensors, c.safetensors, which are missing");
}

}  // namespace tapehead::folder_test
