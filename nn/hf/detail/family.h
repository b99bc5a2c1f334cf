// Families of models: one for each model_type of transformers.
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

/// A model_type of transformers, for models described by Config: a table of the fields of
/// config.json, and a table of the weights.
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

/// The family with the folder's model_type. Throws FormatError if it is not among these.
template <class Config>
const Family<Config>& family_of(Families<Config> families, const Folder& folder) {
  std::string names;
  for (size_t i = 0; i < families.size(); ++i) {
    if (folder.model_type == families[i]->model_type) return *families[i];
    names += i == 0 ? "" : i + 1 == families.size() ? " and " : ", ";
    names += families[i]->model_type;
  }
  Fields(folder).fail("model_type", names + (families.size() == 1 ? " is the supported type"
                                                                  : " are the supported types"));
}

/// Reads a config from the fields.
template <class Config>
Config read_fields(const Family<Config>& family, Fields& fields) {
  Config config;
  ConfigIo io(fields);
  family.fields(io, config);
  config.model_type = family.model_type;
  return config;
}

/// The config.json for a config, which must have every field filled in.
template <class Config>
Json write_fields(const Family<Config>& family, Config config, const std::string& architecture) {
  Json out = {{"model_type", family.model_type}, {"architectures", Json::array({architecture})}};
  ConfigIo io(out);
  family.fields(io, config);
  return out;
}

/// The first option of the config that the family's config.json cannot express; empty if the config
/// survives a round trip. The config must have every field filled in.
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

/// The family to save a model as: that of its model_type or, if it is empty, the first that can
/// express the config, which must have every field filled in. Throws ValueError, which calls the
/// model `name`, if there is none.
template <class Config>
const Family<Config>& family_to_save(Families<Config> families, const Config& config,
                                     const char* name) {
  if (name_of(config.transformer.activation).empty())
    throw ValueError(
        fmt::format("save: config.json has no name for the activation of this {}; use Params::save "
                    "to save its parameters",
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
      config.model_type.empty()
          ? "use Params::save to save its parameters"
          : "clear model_type in its config to save it as any family that fits"));
}

}  // namespace tapehead::nn::hf
