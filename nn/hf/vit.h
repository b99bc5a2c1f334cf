// The Vision Transformer from and to folders of Hugging Face: ViTModel and
// ViTForImageClassification.
#pragma once

#include "tapehead/nn/hf/folder.h"
#include "tapehead/nn/models/vit.h"

namespace tapehead::nn::hf {

/// What config.json says; with a pooler where the folder has one. Throws FormatError, with the
/// field's name, for another kind of model, a field that is missing, of a wrong type or unknown,
/// a value that is not supported, and weights of other names or shapes than it says; no memory was
/// taken for a model then.
VitConfig vit_config(const Folder& folder);

/// Copies the folder's weights into a model of vit_config(folder). Throws FormatError that lists
/// every difference; then nothing was loaded.
void load(const Folder& folder, const Vit& model);

/// Writes a folder that transformers loads with the same weights. Throws ValueError for a model
/// that transformers does not have (with fixed positions, pooled by the mean, with a pooler before
/// a head), or an activation that config.json has no name for, and IoError.
void save(const std::string& path, const Vit& model, const SaveOptions& options = {});

}  // namespace tapehead::nn::hf
