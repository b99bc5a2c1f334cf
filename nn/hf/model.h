// The model that a folder of Hugging Face describes, whatever its class.
#pragma once

#include <string>
#include <variant>

#include "tapehead/nn/hf/bert.h"
#include "tapehead/nn/hf/gpt.h"
#include "tapehead/nn/hf/t5.h"
#include "tapehead/nn/hf/vit.h"

namespace tapehead::nn::hf {

/// Bert, and the head of the class of that name.
struct BertForMaskedLM {
  Bert bert;
  MaskedLmHead head;

  /// i64 [B, T] to logits [B, T, V].
  Tensor operator()(const Tensor& ids, const BertInput& input = {}) const {
    return head(bert(ids, input));
  }
};
struct BertForSequenceClassification {
  Bert bert;
  SequenceClassifier head;

  /// i64 [B, T] to logits [B, num_classes].
  Tensor operator()(const Tensor& ids, const BertInput& input = {}) const {
    return head(bert.pooled(bert(ids, input)));
  }
};

/// A loaded model and its parameters, which stand under `gpt`, `bert`, `t5` or `vit`, those of
/// Bert's heads under `head`.
///
///   const nn::hf::Model model = nn::hf::load("gpt2");
///   const nn::Gpt& gpt = model.as<nn::Gpt>();
///   optim::AdamW opt(model.params, {.lr = 1e-5});
///   std::visit([](const auto& any) { … }, model.any);
struct Model {
  Params params;
  std::variant<Gpt, Bert, BertForMaskedLM, BertForSequenceClassification, T5, Vit> any;
  std::string model_type;    ///< "gpt2"
  std::string architecture;  ///< "GPT2LMHeadModel"

  /// The model as that class. Throws ValueError when it is another.
  template <class M>
  const M& as() const {
    if (const M* model = std::get_if<M>(&any)) return *model;
    other_class();
  }

 private:
  [[noreturn]] void other_class() const;
};

/// Makes the model of the class that model_type and architectures of config.json name, as
/// AutoModel's from_pretrained does, loads its weights, and puts it into evaluation. Throws
/// FormatError for a model_type that is not supported, and what gpt_config(), bert_config() … and
/// load() throw.
Model load(const Folder& folder);
/// The same of read_folder(path).
Model load(const std::string& path);

/// Writes a folder that transformers loads with the same weights, as the save() of its class.
void save(const std::string& path, const Model& model, const SaveOptions& options = {});

}  // namespace tapehead::nn::hf
