// Families of models: what transformers calls a model_type.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <string>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/nn/hf/detail/activation.h"
#include "tapehead/nn/hf/detail/config_io.h"
#include "tapehead/nn/hf/detail/mapping.h"
#include "tapehead/nn/hf/detail/same_model.h"

namespace tapehead::nn::hf {

/// Models that one config of ours can describe, under a name of transformers: a table of the fields
/// of config.json, and a table of the weights.
template <class Config>
struct Family {
  const char* model_type;  ///< "gpt2"
  const char* with_head;   ///< the classes in transformers: "GPT2LMHeadModel"
  const char* base;        ///< "GPT2Model"
  void (*fields)(ConfigIo& io, Config& config);
  Mapping (*weights)(const Config& config);
};

template <class Config>
using Families = std::span<const Family<Config>* const>;

/// The family of the folder's model_type. Throws FormatError when it is not among these.
template <class Config>
const Family<Config>& family_of(Families<Config> families, const Folder& folder) {
  std::string names;
  for (size_t i = 0; i < families.size(); ++i) {
    if (folder.model_type == families[i]->model_type) return *families[i];
    names += i == 0 ? "" : i + 1 == families.size() ? " and " : ", ";
    names += families[i]->model_type;
  }
  Fields(folder).fail("model_type", names + (families.size() == 1 ? " is the model of this kind"
                                                                  : " are models of this kind"));
}

/// The config that the fields describe.
template <class Config>
Config read_fields(const Family<Config>& family, Fields& fields) {
  Config config;
  ConfigIo io(fields);
  family.fields(io, config);
  config.model_type = family.model_type;
  return config;
}

/// config.json of the model with that config, which has every field filled in.
template <class Config>
Json write_fields(const Family<Config>& family, Config config, const std::string& architecture) {
  Json out = {{"model_type", family.model_type}, {"architectures", Json::array({architecture})}};
  ConfigIo io(out);
  family.fields(io, config);
  return out;
}

/// What the family cannot say of the config, which has every field filled in; empty when it reads
/// back the same model from what it writes.
template <class Config>
std::string not_in_family(const Family<Config>& family, const Config& config) {
  Folder written;
  written.config = write_fields(family, config, family.base).dump();
  try {
    Fields fields(written);
    const std::string other = difference(completed(read_fields(family, fields)), config);
    if (!other.empty()) return other;
  } catch (const FormatError& e) {
    return fmt::format("a value ({})", e.what());
  }
  const bool packed = *config.transformer.attention.packed_qkv;
  return has_row(family.weights(config), packed ? "attention.qkv" : "attention.q")
             ? ""
             : "attention.packed_qkv";
}

/// The family to save a model as, whose config has every field filled in: the one of its
/// model_type, or else the first that can say what it is. Throws ValueError, which calls the model
/// `name`, when there is none.
template <class Config>
const Family<Config>& family_to_save(Families<Config> families, const Config& config,
                                     const char* name) {
  if (name_of(config.transformer.activation).empty())
    throw ValueError(
        fmt::format("save: config.json has no name for the activation of this {}; Params::save "
                    "writes its parameters",
                    name));
  std::vector<std::string> others;
  for (const Family<Config>* family : families) {
    if (!config.model_type.empty() && config.model_type != family->model_type) continue;
    const std::string other = not_in_family(*family, config);
    if (other.empty()) return *family;
    others.push_back(fmt::format("{} differs in {}", family->model_type, other));
  }
  if (others.empty()) others.push_back(fmt::format("there is no '{}'", config.model_type));
  throw ValueError(fmt::format(
      "save: transformers has no model like this {}: {}; {}", name, fmt::join(others, ", "),
      config.model_type.empty() ? "Params::save writes its parameters"
                                : "without a model_type in its config it is saved as any family "
                                  "that fits"));
}

}  // namespace tapehead::nn::hf
