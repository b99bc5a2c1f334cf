// Decoding: the most probable sequence of tokens, by greedy or beam search.
//
// B sequences, N hypotheses (B times the beam), T tokens, S source positions, V vocabulary.
#pragma once

#include <functional>
#include <vector>

#include "tapehead/core/tensor.h"
#include "tapehead/nn/language_model.h"

namespace tapehead::nn {

/// The results of a step of a decoder.
struct DecoderStep {
  Tensor logits;     ///< [N, V]: scores of the next token
  Tensor attention;  ///< [N, S]: weights of the source, or undefined
};

/// A decoder with its state, for N hypotheses; initially N = B, one hypothesis per sequence.
struct Decoder {
  /// Advances one step, given the last token of each hypothesis, i64 [N].
  std::function<DecoderStep(const Tensor& tokens)> next;
  /// Selects hypotheses before a step: the new hypothesis i continues the previous hypothesis
  /// rows[i], i64 [N']. If `same_sequences` is true, row i belongs to the same sequence as before,
  /// so state shared by the hypotheses of a sequence does not have to be reordered.
  std::function<void(const Tensor& rows, bool same_sequences)> reorder;
};

/// Scores of the next token that are added to the log-probabilities of the decoder, with their
/// state: of a language model, of CTC (nn/speech/scorers.h), or your own. For the hypotheses of the
/// decoder; each call to the decoder is followed by one to the scorer. For one search.
struct Scorer {
  /// Scores [N, V], such as log-probabilities, given the last token of each hypothesis, i64 [N].
  /// Tokens of -inf are never chosen.
  std::function<Tensor(const Tensor& tokens)> next;
  /// As Decoder::reorder.
  std::function<void(const Tensor& rows, bool same_sequences)> reorder;
  double weight = 1;  ///< of its scores
};

struct BeamOptions {
  int64_t beam = 5;  ///< beam width; 1: greedy search
  /// Scores are divided by ((5 + length) / 6)^length_penalty: Wu et al. 2016, eq. 14.
  double length_penalty = 0.6;
  int64_t max_length = 100;  ///< maximum number of tokens, without eos
  int64_t bos = 2, eos = 3;
  std::vector<int64_t> suppress = {};  ///< tokens that are never generated
  double decoder_weight = 1;           ///< of the decoder's log-probabilities
  std::vector<Scorer> scorers = {};    ///< of further scores
};

/// A sequence that beam search found.
struct Hypothesis {
  std::vector<int64_t> tokens;  ///< without bos and eos
  double score = 0;  ///< log-probability, or sum of all scores, divided by the length penalty
  std::vector<std::vector<float>> attention;  ///< a row of weights per token, including a final eos
};

/// Returns the best hypothesis for each of B sequences. `decoder` must be in its initial state,
/// with the source encoded. A sequence is finished when `beam` hypotheses have ended and none that
/// goes on has a better score, in greedy search at the first eos; it then leaves the batch. Runs
/// without recording gradients. To generate sequences of max_length tokens, suppress eos. Throws
/// ValueError if beam or max_length is below 1, `batch` negative, length_penalty not finite, or a
/// weight negative or not finite; for a scorer without `next` or `reorder`; if logits or scores are
/// NaN or inf, or if no token can be chosen; IndexError if eos or a suppressed token is outside the
/// vocabulary; ShapeError for logits, attention or scores of the wrong shape.
std::vector<Hypothesis> beam_search(const Decoder& decoder, int64_t batch,
                                    const BeamOptions& options = {});

/// Returns the best continuation, without the prompt, of each of B prompts of equal length, i64 [B,
/// T]. Does not use options.bos. Throws ShapeError for prompts of another shape or T = 0,
/// ValueError for a model without `reorder` and for scorers, and the errors of the overload above.
///
///   auto best = beam_search(with_caches(gpt), prompts, {.beam = 4, .eos = 50256});
std::vector<Hypothesis> beam_search(const LanguageModel& model, const Tensor& prompts,
                                    const BeamOptions& options = {});

}  // namespace tapehead::nn
