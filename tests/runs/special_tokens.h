// Trained models that would write nothing but special tokens.
#pragma once

#include <string>

#include "tapehead/core/formats/safetensors.h"
#include "tapehead/data/vocab.h"

namespace tapehead::test {

/// Changes the bias of a model's output, `model.output.bias` of a file, so that pad, unk and bos
/// are its most probable tokens, and eos the least probable one.
inline void prefer_special_tokens(const std::string& path) {
  const SafeTensors model = read_safetensors(path);
  float* bias = model.find("model.output.bias").data<float>();
  bias[data::kPad] = bias[data::kUnk] = bias[data::kBos] = 1000;
  bias[data::kEos] = -1000;
  write_safetensors(path, model.tensors, model.metadata);
}

}  // namespace tapehead::test
