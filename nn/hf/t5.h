// Loads and saves T5 checkpoints of Hugging Face.
#pragma once

#include <string>

#include "tapehead/nn/hf/folder.h"
#include "tapehead/nn/models/t5.h"

namespace tapehead::nn::hf {

/// Reads the config of a T5ForConditionalGeneration or T5Model, T5 1.0 or 1.1, from config.json.
/// Throws FormatError, naming the field, for another type of model, for a field that is missing,
/// unknown, of the wrong type or has an unsupported value, and for weights whose names or shapes do
/// not match the config. This is checked before memory for the model is allocated.
T5Config t5_config(const Folder& folder);

/// Copies the folder's weights into a model made with t5_config(folder). Throws FormatError that
/// lists every difference; nothing is loaded then.
void load(const Folder& folder, const T5& model);

/// Writes a folder that transformers loads with the same weights. Throws ValueError, naming the
/// option, if config.json cannot express one of the model's options, and IoError if a file cannot
/// be written.
void save(const std::string& path, const T5& model, const SaveOptions& options = {});

}  // namespace tapehead::nn::hf
