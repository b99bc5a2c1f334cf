// Text generation.
#pragma once

#include <functional>
#include <vector>

#include "tapehead/core/random.h"
#include "tapehead/nn/language_model.h"

namespace tapehead::nn {

/// How the next token is sampled. The options are applied in this order.
struct SamplingOptions {
  /// Penalizes the logits of tokens that have occurred: positive ones are divided by it, negative
  /// ones multiplied (Keskar et al. 2019).
  double repetition_penalty = 1;
  double temperature = 1;  ///< divides the logits; 0: always the most probable token
  int64_t top_k = 0;       ///< keeps the k most probable tokens; 0: all
  double top_p = 1;        ///< nucleus sampling: keeps this probability mass (Holtzman et al. 2020)
  double min_p = 0;        ///< keeps tokens with p >= min_p * (the largest p)
};

/// Samples a token for each row of logits [B, V]; a logit of -inf excludes a token. `before` are
/// the previous tokens of each row. Takes time linear in V. Throws ShapeError if logits are not
/// [B, V], ValueError for options out of range and for a row that has NaN or inf or is all -inf,
/// and IndexError for a previous token outside 0..V-1.
std::vector<int64_t> sample(const Tensor& logits, const std::vector<std::vector<int64_t>>& before,
                            const SamplingOptions& options, Generator& generator);

struct GenerateOptions {
  SamplingOptions sampling = {};   ///< how tokens are drawn
  int64_t length = 100;            ///< maximum number of new tokens
  std::vector<int64_t> stop = {};  ///< tokens that end a sequence
  /// Called with each new token of sequence `row`; returning false ends that sequence.
  std::function<bool(int64_t row, int64_t token)> on_token = {};
};

/// Generates `copies` continuations of a prompt and returns the new tokens of each. Calls the model
/// with the prompt, then with one new token per sequence, without recording gradients. Throws
/// ValueError for an empty prompt or copies below 1, IndexError for a stop token outside the
/// vocabulary, and the errors of sample().
///
///   auto tokens = generate(with_caches(gpt), prompt);
std::vector<std::vector<int64_t>> generate(const LanguageModel& model,
                                           const std::vector<int64_t>& prompt,
                                           const GenerateOptions& options = {}, int64_t copies = 1,
                                           Generator& generator = default_generator());

/// Continues several prompts of any lengths, one sequence each. The prompts are not padded: the
/// model first reads as many tokens of each as the shortest prompt has, then one token at a time,
/// taken from the prompt while it lasts. Each result therefore equals that of a batch of one.
/// Fastest for prompts of similar lengths.
std::vector<std::vector<int64_t>> generate_all(const LanguageModel& model,
                                               const std::vector<std::vector<int64_t>>& prompts,
                                               const GenerateOptions& options = {},
                                               Generator& generator = default_generator());

}  // namespace tapehead::nn
