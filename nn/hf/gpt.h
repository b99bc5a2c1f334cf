// Loads and saves checkpoints of decoder-only language models of Hugging Face (GPT-2, Llama,
// Mistral, Qwen2 …). detail/families.h lists the families.
#pragma once

#include <string>

#include "tapehead/nn/hf/folder.h"
#include "tapehead/nn/models/gpt.h"

namespace tapehead::nn::hf {

/// Reads the config of the model, with or without a language modelling head, from config.json.
/// `dropout` is that of the residual connections: GPT-2's resid_pdrop, 0 for Llama. Throws
/// FormatError, naming the field, for another type of model, for a field that is missing, unknown,
/// of the wrong type or has an unsupported value, and for weights whose names or shapes do not
/// match the config. This is checked before memory for the model is allocated.
GptConfig gpt_config(const Folder& folder);

/// Copies the folder's weights into a model made with gpt_config(folder). Throws FormatError that
/// lists every difference; nothing is loaded then.
void load(const Folder& folder, const Gpt& model);

/// Writes a folder that transformers loads with the same weights, as GPT2LMHeadModel,
/// LlamaForCausalLM …, or as GPT2Model … if the model has no head. The family is that of
/// GptConfig::model_type or, if it is empty, the first one that supports the model's options.
/// Throws ValueError, listing the unsupported options, if there is none, and IoError if a file
/// cannot be written.
void save(const std::string& path, const Gpt& model, const SaveOptions& options = {});

}  // namespace tapehead::nn::hf
