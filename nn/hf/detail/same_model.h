// Whether two configs make the same model.
#pragma once

#include <string>

#include "tapehead/nn/models/bert.h"
#include "tapehead/nn/models/gpt.h"
#include "tapehead/nn/models/t5.h"
#include "tapehead/nn/models/vit.h"

namespace tapehead::nn::hf {

/// The first option in which models of the configs, which have every field filled in, would differ
/// in their parameters or in what they compute in evaluation: "attention.rope". Empty when there is
/// none. Dropout, first values, and how projections are packed do not count.
std::string difference(const GptConfig& a, const GptConfig& b);
std::string difference(const BertConfig& a, const BertConfig& b);
std::string difference(const T5Config& a, const T5Config& b);
std::string difference(const VitConfig& a, const VitConfig& b);

}  // namespace tapehead::nn::hf
