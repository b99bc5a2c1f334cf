// Loads a model of any supported class from a checkpoint folder of Hugging Face.
#pragma once

#include <string>
#include <variant>

#include "tapehead/nn/hf/bert.h"
#include "tapehead/nn/hf/gpt.h"
#include "tapehead/nn/hf/t5.h"
#include "tapehead/nn/hf/vit.h"

namespace tapehead::nn::hf {

/// Bert with a masked language modelling head.
struct BertForMaskedLM {
  Bert bert;  ///< the body
  MaskedLmHead head;

  /// i64 [B, T] to logits [B, T, V].
  Tensor operator()(const Tensor& ids, const BertInput& input = {}) const {
    return head(bert(ids, input));
  }
};
/// Bert with a classification head.
struct BertForSequenceClassification {
  Bert bert;  ///< the body
  SequenceClassifier head;

  /// i64 [B, T] to logits [B, num_classes].
  Tensor operator()(const Tensor& ids, const BertInput& input = {}) const {
    return head(bert.pooled(bert(ids, input)));
  }
};

/// A loaded model and its parameters. Their paths begin with `gpt`, `bert`, `t5` or `vit`; those of
/// BERT's heads begin with `head`.
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

  /// The model as class M. Throws ValueError if it is of another class.
  template <class M>
  const M& as() const {
    if (const M* model = std::get_if<M>(&any)) return *model;
    other_class();
  }

 private:
  [[noreturn]] void other_class() const;
};

/// Constructs the model named by model_type and architectures in config.json, like
/// AutoModel.from_pretrained, loads its weights and switches it to evaluation mode. Throws
/// FormatError for an unsupported model_type, and the errors of gpt_config(), bert_config() … and
/// load().
Model load(const Folder& folder);
/// Equivalent to load(read_folder(path)).
Model load(const std::string& path);

/// Writes a folder that transformers loads with the same weights; see save() of the model's class.
void save(const std::string& path, const Model& model, const SaveOptions& options = {});

}  // namespace tapehead::nn::hf
