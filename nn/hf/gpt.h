// Decoder-only language models (GPT-2, Llama, Mistral, Qwen2 …) from and to folders of Hugging
// Face. detail/families.h lists the families.
#pragma once

#include "tapehead/nn/hf/folder.h"
#include "tapehead/nn/models/gpt.h"

namespace tapehead::nn::hf {

/// What config.json says, with or without a head. The dropout is that of the residual connections:
/// GPT-2's resid_pdrop; Llama's is 0. Throws FormatError, with the field's name, for another kind
/// of model, a field that is missing, of a wrong type or unknown, a value that is not supported,
/// and weights of other names or shapes than it says; no memory was taken for a model then.
GptConfig gpt_config(const Folder& folder);

/// Copies the folder's weights into a model of gpt_config(folder). Throws FormatError that lists
/// every difference; then nothing was loaded.
void load(const Folder& folder, const Gpt& model);

/// Writes a folder that transformers loads as GPT2LMHeadModel, LlamaForCausalLM …, or as GPT2Model
/// … without a head, with the same weights: as the family that GptConfig::model_type names, or else
/// as the first that has the model's options. Throws ValueError, with the options that do not fit,
/// when there is none, and IoError.
void save(const std::string& path, const Gpt& model, const SaveOptions& options = {});

}  // namespace tapehead::nn::hf
