// Token masking for masked language models.
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
  int64_t first = kSpecials;  ///< smaller ids are special tokens, which are never chosen
  double rate = 0.15;         ///< fraction of tokens that are chosen
};

/// The masked ids and the targets, which are -100 for tokens that were not chosen. i64 [B, T].
struct MaskedTokens {
  Tensor ids, targets;
};

/// Chooses tokens of ids i64 [B, T] to predict, as in BERT (Devlin et al. 2019, 3.1): of the chosen
/// tokens, 80 % are replaced by the mask token, 10 % by a random token, and 10 % are kept. At least
/// one token of each sequence is chosen, if it has any that are not special. Advances the generator
/// by two draws. Throws ShapeError, DTypeError, and ValueError for a rate outside 0..1 or an empty
/// range of random tokens.
/// Example: data::mask_tokens(full({2, 8}, 7), {.mask = 4, .vocab = 20}).ids  // shape [2, 8]
MaskedTokens mask_tokens(const Tensor& ids, const MaskingOptions& options,
                         Generator& generator = default_generator());

}  // namespace tapehead::data
