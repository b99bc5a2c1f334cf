// Folders as transformers writes them, of the models that were recorded.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tapehead/nn/hf/folder.h"
#include "tapehead/tests/oracles/formula.h"
#include "tapehead/tests/oracles/hf_cases.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::test {

/// Weights of the names and shapes that a case has, by formula.
inline std::vector<NamedTensor> weights_of(const HfCase& c) {
  std::vector<NamedTensor> weights;
  for (const auto& [name, shape] : c.weights) {
    int64_t salt = 0;
    for (int64_t i = 0; name[i] != '\0'; ++i) salt += (i + 1) * name[i];
    weights.emplace_back(name, formula(shape, salt).to(f32));
  }
  return weights;
}

inline const HfCase& case_of(const std::string& name) {
  for (const HfCase& c : kHfCases)
    if (c.name == name) return c;
  FAIL(name);
  return kHfCases[0];
}

/// A folder of them, with the case's config.json.
inline nn::hf::Folder folder_of(const Scratch& scratch, const HfCase& c,
                                const std::vector<NamedTensor>& weights) {
  scratch.write("config.json", c.config);
  write_safetensors(scratch / "model.safetensors", weights);
  return nn::hf::read_folder(scratch.path());
}
inline nn::hf::Folder folder_of(const Scratch& scratch, const HfCase& c) {
  return folder_of(scratch, c, weights_of(c));
}

}  // namespace tapehead::test
