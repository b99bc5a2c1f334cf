// Text, token by token.
#pragma once

#include <functional>
#include <vector>

#include "tapehead/core/random.h"

namespace tapehead::nn {

/// How the next token is drawn. Each restriction applies to what the ones before it left.
struct SamplingOptions {
  double repetition_penalty =
      1;                   ///< logits of tokens that occurred lose by it (Keskar et al. 2019)
  double temperature = 1;  ///< logits are divided by it; 0: always the most probable token
  int64_t top_k = 0;       ///< only the k most probable; 0: all
  double top_p = 1;        ///< only the most probable, of that mass together (Holtzman et al. 2020)
  double min_p = 0;        ///< only those with this share of the most probable one's probability
};

/// A token for each row of logits [B, V]; `before` are the tokens of each row so far. Throws
/// ValueError for options out of range.
std::vector<int64_t> sample(const Tensor& logits, const std::vector<std::vector<int64_t>>& before,
                            const SamplingOptions& options, Generator& generator);

struct GenerateOptions {
  SamplingOptions sampling = {};
  int64_t length = 100;            ///< so many new tokens at most
  std::vector<int64_t> stop = {};  ///< tokens that end a sequence
  /// Called with each new token, of sequence `row`; false ends that sequence.
  std::function<bool(int64_t row, int64_t token)> on_token = {};
};

/// Logits [B, T, V] of ids [B, T] that follow what was passed before.
using LanguageModel = std::function<Tensor(const Tensor& ids)>;

/// Goes on from a prompt, in `copies` sequences side by side; gives the new tokens of each. The
/// model is called with the prompt, then with one new token of each sequence at a time: it keeps a
/// cache. Nothing is recorded. Throws ValueError for an empty prompt.
///
///   auto caches = gpt.caches();
///   auto tokens = generate([&](const Tensor& ids) { return gpt(ids, caches); }, prompt);
std::vector<std::vector<int64_t>> generate(const LanguageModel& model,
                                           const std::vector<int64_t>& prompt,
                                           const GenerateOptions& options = {}, int64_t copies = 1,
                                           Generator& generator = default_generator());

}  // namespace tapehead::nn
