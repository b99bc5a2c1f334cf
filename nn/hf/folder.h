// Models as Hugging Face's transformers keeps them: a folder with config.json and weights.
#pragma once

#include <string>
#include <vector>

#include "tapehead/core/formats/safetensors.h"

namespace tapehead::nn::hf {

/// What such a folder holds. Which model it becomes: gpt.h, t5.h.
///
///   const nn::hf::Folder folder = nn::hf::read_folder("gpt2");
///   nn::Params params;
///   const nn::Gpt gpt(params.root(), nn::hf::gpt_config(folder));
///   nn::hf::load(folder, gpt);
struct Folder {
  std::string path;
  std::string config;        ///< the text of config.json
  std::string model_type;    ///< "gpt2"
  std::string architecture;  ///< "GPT2LMHeadModel"
  std::string weights_file;  ///< model.safetensors, or the index of the shards
  std::vector<NamedTensor> weights;
};

/// Reads config.json, and model.safetensors or the shards that model.safetensors.index.json names.
/// Files may come from anywhere: JSON nests 32 deep at most, and a shard is a file of this folder.
/// Throws IoError that names every missing file, and FormatError.
Folder read_folder(const std::string& path);

struct SaveOptions {
  int64_t max_shard_bytes = int64_t{5} << 30;  ///< weights that are larger become several files
  /// What its config.json says besides the model (ids of tokens, labels) is taken over.
  const Folder* from = nullptr;
};

}  // namespace tapehead::nn::hf
