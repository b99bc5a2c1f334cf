// Masked tokens: the training data of models that fill gaps.
//
// B batch, T tokens.
#pragma once

#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"
#include "tapehead/data/vocab.h"

namespace tapehead::data {

struct MaskingOptions {
  int64_t mask = 0;           ///< the id of the mask token
  int64_t vocab = 0;          ///< random tokens are drawn from first..vocab-1
  int64_t first = kSpecials;  ///< ids below are special, and never chosen
  double rate = 0.15;         ///< the share of tokens that are chosen
};

/// What a model reads, and what it is to guess: -100 where a token was not chosen. i64 [B, T].
struct MaskedTokens {
  Tensor ids, targets;
};

/// Chooses tokens for a model to guess, by BERT's rule: of those chosen 80 % become the mask, 10 %
/// a random token, and 10 % stay (Devlin et al. 2019, 3.1). Where a sequence has a token to choose,
/// at least one is. Takes two draws of the generator. Throws ShapeError, DTypeError, and ValueError
/// for a rate outside 0..1 or no tokens to draw from.
MaskedTokens mask_tokens(const Tensor& ids, const MaskingOptions& options,
                         Generator& generator = default_generator());

}  // namespace tapehead::data
