// Loads and saves BERT checkpoints of Hugging Face: BertModel, BertForMaskedLM and
// BertForSequenceClassification.
#pragma once

#include <string>

#include "tapehead/nn/hf/folder.h"
#include "tapehead/nn/models/bert.h"

namespace tapehead::nn::hf {

/// Reads the config of the model from config.json; `pooler` is set if the folder has pooler
/// weights. Throws FormatError, naming the field, for another type of model, for a field that is
/// missing, unknown, of the wrong type or has an unsupported value, and for weights whose names or
/// shapes do not match the config. This is checked before memory for the model is allocated.
BertConfig bert_config(const Folder& folder);
/// Whether the output layer of the masked language model is tied to the token embedding; an
/// argument of MaskedLmHead.
bool bert_tied(const Folder& folder);
/// The number of classes in config.json; an argument of SequenceClassifier.
int64_t class_count(const Folder& folder);

/// Copies the folder's weights into a model made with bert_config(folder). The overload without a
/// head skips the heads in the folder, as for fine-tuning. If the folder is a BertForMaskedLM,
/// which has no pooler, the model's pooler keeps its values. Throws FormatError that lists every
/// difference; nothing is loaded then.
void load(const Folder& folder, const Bert& model);
void load(const Folder& folder, const Bert& model, const MaskedLmHead& head);
void load(const Folder& folder, const Bert& model, const SequenceClassifier& head);

/// Writes a folder that transformers loads with the same weights. Throws ValueError, naming the
/// option, if config.json cannot express one of the model's options, and IoError if a file cannot
/// be written.
void save(const std::string& path, const Bert& model, const SaveOptions& options = {});
/// Writes a BertForMaskedLM, without the model's pooler.
void save(const std::string& path, const Bert& model, const MaskedLmHead& head,
          const SaveOptions& options = {});
void save(const std::string& path, const Bert& model, const SequenceClassifier& head,
          const SaveOptions& options = {});

}  // namespace tapehead::nn::hf
