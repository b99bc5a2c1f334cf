// Decoding of connectionist temporal classification: best path, prefix beam search, alignment.
//
// B sequences, T frames, C symbols including the blank, N prefixes, L tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "tapehead/core/tensor.h"
#include "tapehead/nn/speech/search.h"

namespace tapehead::nn {

/// The most probable path, with repeated symbols merged and blanks removed (Graves et al. 2006,
/// 3.2). log_probs floating [B, T, C], as from log_softmax(); frames past `lengths`, i64 [B], are
/// not read. Returns a hypothesis for each sequence; its score is that of the path, a lower bound
/// of the log-probability of its tokens. Throws ShapeError, DTypeError, IndexError for a blank
/// outside 0..C-1 and for lengths outside 0..T, and ValueError for NaN.
/// Example: nn::ctc_greedy_search(one_hot(tensor({{1, 0, 2, 2, 0, 2}})).to(f32).log())[0].tokens
///     // [1, 2, 2]
std::vector<AlignedHypothesis> ctc_greedy_search(const Tensor& log_probs,
                                                 const Tensor& lengths = {}, int64_t blank = 0);

struct CtcBeamOptions {
  int64_t beam = 16;        ///< prefixes that are kept in each frame
  int64_t blank = 0;        ///< the symbol that stands for no output
  int64_t beam_tokens = 0;  ///< symbols that may extend a prefix, the most probable ones; 0: all
  int64_t nbest = 1;        ///< hypotheses that are returned, at most beam
  double token_bonus = 0;   ///< added to the score for each token
  SymbolLanguageModel language_model = {};  ///< without a model: none
};

/// The sequences of tokens of the highest
///
///   log p(tokens | log_probs) + weight log p_lm(tokens) + token_bonus · length,
///
/// where the first term sums over all alignments, by prefix beam search (Graves et al. 2014;
/// Hannun et al. 2014). Exact if the beam holds every prefix. Operands as of ctc_greedy_search().
/// Returns up to nbest hypotheses for each sequence, best first; timesteps are those of
/// ctc_align(). The language model is called once a frame, for the new prefixes of all sequences.
/// Throws as ctc_greedy_search(), ValueError for options out of range, and ShapeError or IndexError
/// for a language model that does not fit.
/// Example: nn::ctc_beam_search(one_hot(tensor({{1, 0, 2, 2, 0, 2}})).to(f32).log())[0][0].tokens
///     // [1, 2, 2]
std::vector<std::vector<AlignedHypothesis>> ctc_beam_search(const Tensor& log_probs,
                                                            const Tensor& lengths = {},
                                                            const CtcBeamOptions& options = {});

/// The most probable alignment of targets to the frames of one sequence: the symbol or blank of
/// each frame, [T] (Viterbi; torchaudio.functional.forced_align). log_probs [T, C]. Throws
/// ShapeError, DTypeError, IndexError for symbols outside 0..C-1 and for a target that is the
/// blank, and ValueError for NaN and if no alignment has a probability above 0, as with fewer
/// frames than targets.
/// Example: nn::ctc_align(one_hot(tensor({1, 0, 2, 2})).to(f32).log(), {1, 2})  // [1, 0, 2, 2]
std::vector<int64_t> ctc_align(const Tensor& log_probs, const std::vector<int64_t>& targets,
                               int64_t blank = 0);
/// The frames of an alignment in which its tokens begin.
/// Example: nn::ctc_timesteps({0, 3, 3, 0, 3, 2})  // [1, 4, 5]
std::vector<int64_t> ctc_timesteps(const std::vector<int64_t>& alignment, int64_t blank = 0);

}  // namespace tapehead::nn
