#include "tapehead/nn/hf/model.h"

#include <fmt/format.h>

#include <algorithm>

#include "tapehead/core/error.h"
#include "tapehead/nn/hf/detail/families.h"

namespace tapehead::nn::hf {
namespace {

// The arguments of a model class for load() and save().
template <class Visitor>
void visit_parts(const Model& model, const Visitor& visitor) {
  std::visit(
      [&](const auto& m) {
        if constexpr (requires { m.bert; }) visitor(m.bert, m.head);
        else visitor(m);
      },
      model.any);
}

using Any = decltype(Model::any);

Any make_gpt(const Folder& folder, const Params& params) {
  return Gpt(params / "gpt", gpt_config(folder));
}

Any make_bert(const Folder& folder, const Params& params) {
  Bert bert(params / "bert", bert_config(folder));
  if (folder.architecture == "BertForMaskedLM") {
    MaskedLmHead head(params / "head", bert, bert_tied(folder));
    return BertForMaskedLM{std::move(bert), std::move(head)};
  }
  if (folder.architecture == "BertForSequenceClassification") {
    SequenceClassifier head(params / "head", bert, class_count(folder));
    return BertForSequenceClassification{std::move(bert), std::move(head)};
  }
  return bert;
}

Any make_t5(const Folder& folder, const Params& params) {
  return T5(params / "t5", t5_config(folder));
}

Any make_vit(const Folder& folder, const Params& params) {
  return Vit(params / "vit", vit_config(folder));
}

Any make(const Folder& folder, const Params& params) {
  const std::string& type = folder.model_type;
  if (has_family<GptConfig>(kGptFamilies, type)) return make_gpt(folder, params);
  if (has_family<BertConfig>(kBertFamilies, type)) return make_bert(folder, params);
  if (has_family<T5Config>(kT5Families, type)) return make_t5(folder, params);
  if (has_family<VitConfig>(kVitFamilies, type)) return make_vit(folder, params);
  throw FormatError(fmt::format("{}: models of model_type '{}' are not supported",
                                config_path(folder.path), type));
}

}  // namespace

void Model::other_class() const {
  throw ValueError(fmt::format("as: this model is a {} of model_type '{}', which is another class",
                               architecture.empty() ? "model" : architecture, model_type));
}

Model load(const Folder& folder) {
  const Params params(0);
  Model model{params, make(folder, params), folder.model_type, folder.architecture};
  params.describe(folder.architecture);
  params.eval();
  visit_parts(model, [&](const auto&... parts) { load(folder, parts...); });
  return model;
}

Model load(const std::string& path) { return load(read_folder(path)); }

void save(const std::string& path, const Model& model, const SaveOptions& options) {
  visit_parts(model, [&](const auto&... parts) { save(path, parts..., options); });
}

}  // namespace tapehead::nn::hf
