// Translation of many sources by an encoder-decoder model.
#pragma once

#include <functional>
#include <vector>

#include "tapehead/data/seq2seq_batch.h"
#include "tapehead/nn/beam_search.h"

namespace tapehead::nn {

/// The translate() of a model.
using TranslateFn = std::function<std::vector<Hypothesis>(
    const Tensor& source, const Tensor& lengths, const BeamOptions& options)>;

/// The best target for each source, in the order of the sources; sources of similar length are
/// batched together.
std::vector<Hypothesis> translate_all(const TranslateFn& translate, const data::TokenLists& sources,
                                      const BeamOptions& options = {}, int64_t batch = 64);

}  // namespace tapehead::nn
