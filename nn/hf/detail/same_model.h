// Whether two configs describe the same model.
#pragma once

#include <string>

#include "tapehead/nn/models/bert.h"
#include "tapehead/nn/models/gpt.h"
#include "tapehead/nn/models/t5.h"
#include "tapehead/nn/models/vit.h"

namespace tapehead::nn::hf {

/// The first option, such as "attention.rope", that makes the parameters or the evaluation results
/// of two models differ; empty if there is none. Both configs must have every field filled in.
/// Dropout, initialization and packed projections are not compared.
std::string difference(const GptConfig& a, const GptConfig& b);
std::string difference(const BertConfig& a, const BertConfig& b);
std::string difference(const T5Config& a, const T5Config& b);
std::string difference(const VitConfig& a, const VitConfig& b);

}  // namespace tapehead::nn::hf
