// Checkpoints of Hugging Face's transformers: a folder with config.json and weights.
#pragma once

#include <string>
#include <vector>

#include "tapehead/core/formats/safetensors.h"

namespace tapehead::nn::hf {

/// The contents of a checkpoint folder. load() in model.h constructs the model that it describes.
/// To choose the parameters' path or to change the config, use the functions of the model's class:
///
///   const nn::hf::Folder folder = nn::hf::read_folder("gpt2");
///   nn::Params params;
///   const nn::Gpt gpt(params.root(), nn::hf::gpt_config(folder));
///   nn::hf::load(folder, gpt);
struct Folder {
  std::string path;
  std::string config;                ///< the text of config.json
  std::string model_type;            ///< "gpt2"
  std::string architecture;          ///< "GPT2LMHeadModel"
  std::string weights_file;          ///< model.safetensors, or the index file of the shards
  std::vector<NamedTensor> weights;  ///< of all files
  /// Fields of config.json to ignore, at any depth.
  std::vector<std::string> ignored_fields = {};
};

/// Reads config.json, and model.safetensors or the shards listed in model.safetensors.index.json.
/// The files need not be trusted: JSON is limited to a nesting depth of 32, and shards must be in
/// this folder. Fields of config.json that do not affect the model are skipped. A field that may
/// affect it but is not supported raises FormatError, naming the field, when the config is read,
/// unless it is in `ignored_fields`. Throws IoError that lists every missing file, and FormatError
/// for malformed files.
Folder read_folder(const std::string& path, const std::vector<std::string>& ignored_fields = {});

struct SaveOptions {
  int64_t max_shard_bytes = int64_t{5} << 30;  ///< larger checkpoints are split into shards
  /// A folder whose config.json fields that do not affect the model (token ids, labels) are copied.
  const Folder* from = nullptr;
};

}  // namespace tapehead::nn::hf
