// Translation of many sources by an encoder-decoder model.
#pragma once

#include <functional>
#include <vector>

#include "tapehead/data/seq2seq_batch.h"
#include "tapehead/nn/beam_search.h"

namespace tapehead::nn {

/// translate() of a model: source i64 [B, S] and lengths i64 [B] to the best target for each.
using TranslateFn = std::function<std::vector<Hypothesis>(
    const Tensor& source, const Tensor& lengths, const BeamOptions& options)>;

/// The best target for each source, in the order of the sources. Sources of similar length are
/// translated together, `batch` at a time. Throws ValueError for options with scorers, which serve
/// one search.
std::vector<Hypothesis> translate_all(const TranslateFn& translate, const data::TokenLists& sources,
                                      const BeamOptions& options = {}, int64_t batch = 64);

}  // namespace tapehead::nn
