// Decoding: the most probable sequence of tokens, by greedy or beam search.
//
// B sequences, N hypotheses (B times the beam), T tokens, S source positions, V vocabulary.
#pragma once

#include <functional>
#include <vector>

#include "tapehead/core/tensor.h"
#include "tapehead/nn/language_model.h"

namespace tapehead::nn {

struct DecoderStep {
  Tensor logits;     ///< [N, V]: scores of the next token
  Tensor attention;  ///< [N, S]: weights of the source, or undefined
};

/// A decoder and its state, for N hypotheses: at first one of each of B sequences.
struct Decoder {
  /// One step: the last token of each hypothesis, i64 [N].
  std::function<DecoderStep(const Tensor& tokens)> next;
  /// Before a step: hypothesis i continues the former hypothesis rows[i], i64 [N']. With
  /// `same_sequences` each row stays with its sequence, and state that the hypotheses of a sequence
  /// share need not move.
  std::function<void(const Tensor& rows, bool same_sequences)> reorder;
};

struct BeamOptions {
  int64_t beam = 5;  ///< 1 is greedy search
  /// Scores are divided by ((5 + length) / 6)^length_penalty: Wu et al. 2016, eq. 14.
  double length_penalty = 0.6;
  int64_t max_length = 100;  ///< tokens, the end of the sentence not counted
  int64_t bos = 2, eos = 3;
  std::vector<int64_t> suppress = {};  ///< tokens that are never chosen
};

struct Hypothesis {
  std::vector<int64_t> tokens;                ///< without bos and eos
  double score = 0;                           ///< log-probability over the length penalty
  std::vector<std::vector<float>> attention;  ///< a row for each token and, when it ended, for eos
};

/// The best hypothesis for each of B sequences, of which the decoder has seen nothing but the
/// source; those that are found leave the batch. Nothing is recorded. Throws ValueError when beam
/// or max_length is below 1, for logits with NaN or inf, and where no token is possible; IndexError
/// for an eos or a suppressed token outside of the logits. For sequences without an end, suppress
/// eos.
std::vector<Hypothesis> beam_search(const Decoder& decoder, int64_t batch,
                                    const BeamOptions& options = {});

/// The best continuation of each of B prompts of one length, i64 [B, T], of what follows them
/// alone: options.bos is not used. Nothing is recorded. Throws ShapeError for prompts of another
/// shape, or without a token, ValueError for a model that cannot reorder its rows, and as above.
///
///   auto best = beam_search(with_caches(gpt), prompts, {.beam = 4, .eos = 50256});
std::vector<Hypothesis> beam_search(const LanguageModel& model, const Tensor& prompts,
                                    const BeamOptions& options = {});

}  // namespace tapehead::nn
