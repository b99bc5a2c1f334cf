// T5 from and to folders of Hugging Face.
#pragma once

#include "tapehead/nn/hf/folder.h"
#include "tapehead/nn/models/t5.h"

namespace tapehead::nn::hf {

/// What config.json says, of T5ForConditionalGeneration or T5Model, of versions 1.0 and 1.1. Throws
/// FormatError, with the field's name, for another kind of model, a field that is missing, of a
/// wrong type or unknown, a value that is not supported, and weights of other names or shapes than
/// it says; no memory was taken for a model then.
T5Config t5_config(const Folder& folder);

/// Copies the folder's weights into a model of t5_config(folder). Throws FormatError that lists
/// every difference; then nothing was loaded.
void load(const Folder& folder, const T5& model);

/// Writes a folder that transformers loads with the same weights. Throws ValueError, with the
/// option, for a model with options that config.json cannot express, and IoError.
void save(const std::string& path, const T5& model, const SaveOptions& options = {});

}  // namespace tapehead::nn::hf
