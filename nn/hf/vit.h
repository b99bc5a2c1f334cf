// Loads and saves Vision Transformer checkpoints of Hugging Face: ViTModel and
// ViTForImageClassification.
#pragma once

#include <string>

#include "tapehead/nn/hf/folder.h"
#include "tapehead/nn/models/vit.h"

namespace tapehead::nn::hf {

/// Reads the config of the model from config.json; `pooler` is set if the folder has pooler
/// weights. Throws FormatError, naming the field, for another type of model, for a field that is
/// missing, unknown, of the wrong type or has an unsupported value, and for weights whose names or
/// shapes do not match the config. This is checked before memory for the model is allocated.
VitConfig vit_config(const Folder& folder);

/// Copies the folder's weights into a model made with vit_config(folder). Throws FormatError that
/// lists every difference; nothing is loaded then.
void load(const Folder& folder, const Vit& model);

/// Writes a folder that transformers loads with the same weights. Throws ValueError for a model
/// that transformers does not support (fixed positions, mean pooling, a pooler before a head) or an
/// activation that has no name in config.json, and IoError if a file cannot be written.
void save(const std::string& path, const Vit& model, const SaveOptions& options = {});

}  // namespace tapehead::nn::hf
