// What the searches of CTC and of transducers have in common: their results, and a language model.
//
// N prefixes, L tokens, C symbols, V vocabulary of the language model.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

/// A sequence of symbols that was decoded, and when they were heard; with torchaudio's names.
struct AlignedHypothesis {
  std::vector<int64_t> tokens;     ///< without blanks
  std::vector<int64_t> timesteps;  ///< the frame in which each token begins
  double score = 0;  ///< the log-probability, as the function that returned it defines it
};

/// A language model of the symbols, for shallow fusion (Gulcehre et al. 2015).
struct SymbolLanguageModel {
  /// Maps ids i64 [N, L] to logits [N, L, V] of the next token. Causal: a logit depends on the ids
  /// up to its position. Rows are padded at the end.
  std::function<Tensor(const Tensor& ids)> model = {};
  double weight = 0.5;              ///< of its log-probabilities; 0: it is not called
  int64_t bos = 2;                  ///< its id before the first token
  std::optional<int64_t> eos = {};  ///< its id after the last token; none: ends are not scored
  /// Its id of each symbol, [C]; the blank's is not used. Empty: the symbols themselves.
  std::vector<int64_t> ids = {};
};

}  // namespace tapehead::nn
