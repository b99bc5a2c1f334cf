// The families of Gpt at Hugging Face.
#pragma once

#include "tapehead/nn/hf/detail/fields.h"
#include "tapehead/nn/hf/detail/mapping.h"
#include "tapehead/nn/models/gpt.h"

namespace tapehead::nn::hf {

/// The names of its parameters, in a folder of this model_type.
Mapping gpt_mapping(const GptConfig& config, const std::string& model_type);

/// "gpt2", "llama", "mistral" or "qwen2": as what it can be saved. Throws ValueError.
std::string model_type_of(const GptConfig& config);

/// config.json of this model, but for its dtype.
Json gpt_json(const GptConfig& config);

/// The rotary embedding that the fields describe, in rope_parameters or, as before transformers 5,
/// in rope_theta and rope_scaling.
RopeOptions read_rope(Fields& fields, int64_t context);
/// The other way round: adds rope_theta and rope_scaling, which all versions read.
void write_rope(const RopeOptions& rope, Json& config);

}  // namespace tapehead::nn::hf
