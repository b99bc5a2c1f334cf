// Attention rollout: attributes an encoder's outputs to its inputs.
#pragma once

#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

/// Attention rollout (Abnar and Zuidema 2020). The attention weights of layer i, [B, H, T, T], are
/// averaged over the heads and, to account for the residual connection, with the identity. Returns
/// the product over all layers, [B, T, T]: row t is the contribution of each input to output t and
/// sums to 1. Throws ShapeError for weights of other shapes (all queries and keys are required) and
/// ValueError for an empty list.
Tensor attention_rollout(const std::vector<Tensor>& weights);

}  // namespace tapehead::nn
