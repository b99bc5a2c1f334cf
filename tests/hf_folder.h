// Checks models against outputs recorded from Hugging Face transformers.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <vector>

#include "tapehead/autograd/grad_mode.h"
#include "tapehead/autograd/ops.h"
#include "tapehead/core/creation.h"
#include "tapehead/core/file.h"
#include "tapehead/nn/hf/model.h"
#include "tapehead/tests/oracles/formula.h"
#include "tapehead/tests/oracles/hf_cases.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::test {

/// Deterministic weights with the names and shapes of a case.
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

/// Writes a model folder with these weights and the config.json of the case.
inline nn::hf::Folder folder_of(const Scratch& scratch, const HfCase& c,
                                const std::vector<NamedTensor>& weights) {
  scratch.write("config.json", c.config);
  write_safetensors(scratch / "model.safetensors", weights);
  return nn::hf::read_folder(scratch.path());
}
inline nn::hf::Folder folder_of(const Scratch& scratch, const HfCase& c) {
  return folder_of(scratch, c, weights_of(c));
}

/// Returns the output in f64 of the model in a folder, on the inputs of hf_record.py, and saves the
/// model to another folder.
inline Tensor run_hf(const nn::hf::Folder& folder, const std::string& again) {
  const NoGradGuard off;
  const nn::hf::Model model = nn::hf::load(folder);
  nn::hf::save(again, model, {.from = &folder});
  model.params.to(f64);
  const Tensor ids = tensor({{1, 6, 0, 5}, {4, 9, 3, 8}});
  const AttentionOptions seen{
      .mask = (tensor({{1, 1, 1, 1}, {1, 1, 1, 0}}) != 0).unsqueeze(1).unsqueeze(1)};
  return std::visit(
      [&](const auto& m) {
        using M = std::decay_t<decltype(m)>;
        if constexpr (std::is_same_v<M, nn::Gpt>) {
          return m(ids, seen);
        } else if constexpr (std::is_same_v<M, nn::T5>) {
          return m(ids, tensor({{3, 8, 2, 7}, {6, 0, 5, 10}}), seen);
        } else if constexpr (std::is_same_v<M, nn::Vit>) {
          const nn::VitConfig& c = m.config();
          const Tensor pixels = formula({2, c.num_channels, c.image_size[0], c.image_size[1]}, 1);
          return c.num_classes > 0 ? m(pixels) : m.encode(pixels).out;
        } else {
          const Tensor types = tensor({{0, 0, 1, 1}, {0, 1, 1, 1}});
          return m(ids, {.token_types = types, .attention = seen});
        }
      },
      model.any);
}

/// The largest absolute difference from the recorded output.
inline double worst(const Tensor& got, const std::vector<double>& want) {
  const std::vector<double> numbers = got.to_vector<double>();
  REQUIRE(numbers.size() == want.size());
  double out = 0;
  for (size_t i = 0; i < want.size(); ++i) out = std::max(out, std::abs(numbers[i] - want[i]));
  return out;
}

/// Names and values, sorted by name.
inline std::vector<std::pair<std::string, std::vector<float>>> sorted(
    std::vector<NamedTensor> weights) {
  std::sort(weights.begin(), weights.end(), [](auto& a, auto& b) { return a.first < b.first; });
  std::vector<std::pair<std::string, std::vector<float>>> out;
  out.reserve(weights.size());
  for (const auto& [name, tensor] : weights)
    out.emplace_back(name + tensor.shape().str(), tensor.to_vector<float>());
  return out;
}

/// Checks that the model reproduces the recorded output, and that saving it reproduces its files.
inline void check_case(const HfCase& c) {
  CAPTURE(c.name);
  const Scratch scratch, first, second;
  const nn::hf::Folder folder = folder_of(scratch, c);
  // transformers computes RoPE in f32.
  CHECK(worst(run_hf(folder, first.path()), c.out) < 2e-6);
  const nn::hf::Folder again = nn::hf::read_folder(first.path());
  CHECK(again.model_type == folder.model_type);
  CHECK(again.architecture == folder.architecture);
  CHECK(sorted(again.weights) == sorted(weights_of(c)));
  CHECK(worst(run_hf(again, second.path()), c.out) < 2e-6);
  for (const char* file : {"config.json", "model.safetensors"})
    CHECK(read_file(first / file) == read_file(second / file));
}

}  // namespace tapehead::test
