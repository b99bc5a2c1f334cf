// Text generation.
#pragma once

#include <functional>
#include <vector>

#include "tapehead/core/random.h"
#include "tapehead/nn/language_model.h"

namespace tapehead::nn {

/// How the next token is sampled. Each restriction applies to what the ones before it left.
struct SamplingOptions {
  double repetition_penalty =
      1;                   ///< logits of tokens that occurred lose by it (Keskar et al. 2019)
  double temperature = 1;  ///< logits are divided by it; 0: always the most probable token
  int64_t top_k = 0;       ///< only the k most probable; 0: all
  double top_p = 1;        ///< only the most probable, of that mass together (Holtzman et al. 2020)
  double min_p = 0;        ///< only those with this share of the most probable one's probability
};

/// A token for each row of logits [B, V]; `before` are the tokens of each row so far. Takes time
/// linear in V. Throws ValueError for options out of range and for a row with NaN, inf, or nothing
/// but -inf, which is the logit of a token that is impossible; IndexError for a token before that
/// is outside of 0..V-1.
std::vector<int64_t> sample(const Tensor& logits, const std::vector<std::vector<int64_t>>& before,
                            const SamplingOptions& options, Generator& generator);

struct GenerateOptions {
  SamplingOptions sampling = {};
  int64_t length = 100;            ///< so many new tokens at most
  std::vector<int64_t> stop = {};  ///< tokens that end a sequence
  /// Called with each new token, of sequence `row`; false ends that sequence.
  std::function<bool(int64_t row, int64_t token)> on_token = {};
};

/// Continues a prompt, in `copies` sequences; returns the new tokens of each. The model is called
/// with the prompt, then with one new token of each sequence at a time, without gradients. Throws
/// ValueError for an empty prompt, IndexError for a stop token outside of the vocabulary, and what
/// sample() throws.
///
///   auto tokens = generate(with_caches(gpt), prompt);
std::vector<std::vector<int64_t>> generate(const LanguageModel& model,
                                           const std::vector<int64_t>& prompt,
                                           const GenerateOptions& options = {}, int64_t copies = 1,
                                           Generator& generator = default_generator());

/// The same of prompts of any lengths, one sequence each. The model reads as many tokens of each as
/// the shortest has, then token by token; where a prompt is longer its own token comes next. So
/// there is no padding, and each sequence is what it would be alone; prompts of similar length are
/// fastest.
std::vector<std::vector<int64_t>> generate_all(const LanguageModel& model,
                                               const std::vector<std::vector<int64_t>>& prompts,
                                               const GenerateOptions& options = {},
                                               Generator& generator = default_generator());

}  // namespace tapehead::nn
