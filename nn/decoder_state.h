// What a decoder's layers remember, as beam search carries it along.
#pragma once

#include <span>
#include <vector>

#include "tapehead/nn/beam_search.h"
#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

/// Four tensors for each layer: keys and values of the memory, then of what went before.
DecoderState to_state(const std::vector<DecoderCache>& caches);
/// And back.
std::vector<DecoderCache> from_state(std::span<const Tensor> state);

}  // namespace tapehead::nn
