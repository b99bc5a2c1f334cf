// Attention rollout: attributes the outputs of an encoder to its inputs.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

/// Attention rollout (Abnar and Zuidema 2020): the weights of layer i, [B, H, T, T], are averaged
/// over the heads and, since each layer adds to what it read, mixed half and half with the
/// identity; the product of all layers, [B, T, T], says how much of each input came to each
/// result. Its rows add up to 1. Throws ShapeError for weights of other shapes (all queries and
/// keys are needed) and ValueError for no layers.
Tensor attention_rollout(const std::vector<Tensor>& weights);

}  // namespace tapehead::nn
