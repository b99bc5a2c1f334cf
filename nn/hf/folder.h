// Models as Hugging Face's transformers keeps them: a folder with config.json and weights.
#pragma once

#include <string>
#include <vector>

#include "tapehead/core/formats/safetensors.h"

namespace tapehead::nn::hf {

/// What such a folder holds. model.h makes the model that it describes; the header of each class
/// one of that class, under any path and with a changed config:
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
  /// Fields of config.json that are read as if they were absent, at any depth.
  std::vector<std::string> ignored_fields = {};
};

/// Reads config.json, and model.safetensors or the shards that model.safetensors.index.json names.
/// Files may come from anywhere: JSON nests 32 deep at most, and a shard is a file of this folder.
/// Of config.json, fields that change nothing are passed over; one that may change what the model
/// computes, and is not supported, makes the reading of the config throw FormatError with its name,
/// unless it is among `ignored_fields`. Throws IoError that names every missing file, and
/// FormatError.
Folder read_folder(const std::string& path, const std::vector<std::string>& ignored_fields = {});

struct SaveOptions {
  int64_t max_shard_bytes = int64_t{5} << 30;  ///< weights that are larger become several files
  /// What its config.json says besides the model (ids of tokens, labels) is taken over.
  const Folder* from = nullptr;
};

}  // namespace tapehead::nn::hf
