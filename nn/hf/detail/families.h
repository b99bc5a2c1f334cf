// The supported families of models, by class.
#pragma once

#include <algorithm>

#include "tapehead/nn/hf/detail/family.h"

namespace tapehead::nn::hf {

using GptFamily = Family<GptConfig>;

extern const GptFamily kGpt2;
extern const GptFamily kLlama, kMistral, kQwen2;
extern const GptFamily kStarcoder2;
extern const Family<BertConfig> kBert;
extern const Family<T5Config> kT5;
extern const Family<VitConfig> kVit;

// In the order in which save() tries them for a model without a model_type.
inline const GptFamily* const kGptFamilies[] = {
    &kGpt2, &kLlama, &kMistral, &kQwen2, &kStarcoder2,
};
inline const Family<BertConfig>* const kBertFamilies[] = {&kBert};
inline const Family<T5Config>* const kT5Families[] = {&kT5};
inline const Family<VitConfig>* const kVitFamilies[] = {&kVit};

/// Whether one of the families has this model_type.
template <class Config>
bool has_family(Families<Config> families, const std::string& model_type) {
  return std::any_of(families.begin(), families.end(),
                     [&](const Family<Config>* f) { return model_type == f->model_type; });
}

}  // namespace tapehead::nn::hf
