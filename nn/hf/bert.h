// BERT from and to folders of Hugging Face: BertModel, BertForMaskedLM and
// BertForSequenceClassification.
#pragma once

#include "tapehead/nn/hf/folder.h"
#include "tapehead/nn/models/bert.h"

namespace tapehead::nn::hf {

/// What config.json says; with a pooler where the folder has one. Throws FormatError, with the
/// field's name, for another kind of model, a field that is missing, of a wrong type or unknown,
/// a value that is not supported, and weights of other names or shapes than it says; no memory was
/// taken for a model then.
BertConfig bert_config(const Folder& folder);
/// Whether the last layer of a masked language model is the embedding: for MaskedLmHead.
bool bert_tied(const Folder& folder);
/// How many classes config.json has: for SequenceClassifier.
int64_t class_count(const Folder& folder);

/// Copies the folder's weights into a model of bert_config(folder). Without a head here, what heads
/// the folder has is left out: for fine-tuning; a pooler that a masked language model does not have
/// keeps its values. Throws FormatError that lists every difference; then nothing was loaded.
void load(const Folder& folder, const Bert& model);
void load(const Folder& folder, const Bert& model, const MaskedLmHead& head);
void load(const Folder& folder, const Bert& model, const SequenceClassifier& head);

/// Writes a folder that transformers loads with the same weights. Throws ValueError, with the
/// option, for a model with options that config.json cannot express, and IoError.
void save(const std::string& path, const Bert& model, const SaveOptions& options = {});
/// BertForMaskedLM, which has no pooler.
void save(const std::string& path, const Bert& model, const MaskedLmHead& head,
          const SaveOptions& options = {});
void save(const std::string& path, const Bert& model, const SequenceClassifier& head,
          const SaveOptions& options = {});

}  // namespace tapehead::nn::hf
