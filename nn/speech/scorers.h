// Scores that beam_search() adds to those of a decoder: of CTC over the same frames, and of
// language models.
//
// B sequences, N hypotheses, T frames, V vocabulary.
#pragma once

#include <cstdint>
#include <vector>

#include "tapehead/nn/beam_search.h"

namespace tapehead::nn {

struct CtcScorerOptions {
  double weight = 0.3;  ///< of the log-probabilities
  int64_t blank = 0;    ///< the symbol of CTC that stands for no output; as a token, never chosen
  int64_t eos = 3;      ///< as BeamOptions::eos
};

/// The log-probability of each next token given the prefix and the frames, according to CTC
/// (Watanabe et al. 2017, "Hybrid CTC/attention architecture for end-to-end speech recognition",
/// algorithm 2), for joint decoding in one pass:
///
///   encoder output → decoder, with decoder_weight 1 - w, and linear layer → this, with weight w
///
/// log_probs floating [B, T, V], of the vocabulary of the decoder, and lengths i64 [B], or
/// undefined. A token more than 745 below the most probable one may be taken for impossible. Throws
/// as ctc_greedy_search(), and IndexError for an eos outside 0..V-1.
///
///   nn::beam_search(decoder, B, {.decoder_weight = 0.7,
///                                .scorers = {nn::ctc_scorer(ctc(frames).log_softmax(-1),
///                                lengths)}});
/// Example: nn::ctc_scorer(randn({2, 50, 20}).log_softmax(-1)).next(tensor({2, 2}))
///     // shape [2, 20]
Scorer ctc_scorer(const Tensor& log_probs, const Tensor& lengths = {},
                  const CtcScorerOptions& options = {});

struct LanguageModelScorerOptions {
  double weight = 0.3;  ///< of the log-probabilities
  /// The model's id of each token of the decoder, [V]. Empty: the tokens themselves.
  std::vector<int64_t> ids = {};
};

/// The log-probabilities of a language model: shallow fusion (Gulcehre et al. 2015). The model must
/// be in its initial state, and have `reorder`; its first id is that of bos. Throws ValueError for
/// a model without `next` or `reorder`; the scorer throws IndexError for ids outside of the model's
/// vocabulary, and for tokens without an id.
/// Example: nn::language_model_scorer(nn::without_caches([](const Tensor& ids) { return
///     one_hot(ids, 5).to(f32); })).next(tensor({2, 2}))  // shape [2, 5]
Scorer language_model_scorer(const LanguageModel& model,
                             const LanguageModelScorerOptions& options = {});

}  // namespace tapehead::nn
