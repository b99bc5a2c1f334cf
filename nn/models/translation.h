// What encoder-decoder models share: batches of pairs, and the translation of many sources.
//
// B batch, S source tokens, T target tokens.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "tapehead/nn/beam_search.h"

namespace tapehead::nn {

/// Token ids, padded: source i64 [B, S]; target i64 [B, T] starts with bos and ends with eos. For a
/// model that copies, ids may be words of the source alone (copy_head.h).
struct Seq2SeqBatch {
  Tensor source, source_lengths, target;
};

using TokenLists = std::vector<std::vector<int64_t>>;

/// The pairs at `which` as a batch. Sources get an eos, targets a bos and an eos; `pad` fills up.
Seq2SeqBatch seq2seq_batch(const TokenLists& sources, const TokenLists& targets,
                           std::span<const int64_t> which, const BeamOptions& special = {},
                           int64_t pad = 0);

/// A model's translate().
using TranslateFn = std::function<std::vector<Hypothesis>(
    const Tensor& source, const Tensor& lengths, const BeamOptions& options)>;

/// The best target for each source, in their order; sources of similar length share a batch.
std::vector<Hypothesis> translate_all(const TranslateFn& translate, const TokenLists& sources,
                                      const BeamOptions& options = {}, int64_t batch = 64);

}  // namespace tapehead::nn
