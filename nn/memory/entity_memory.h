// The dynamic memory of recurrent entity networks.
//
// B batch, M sentences, N slots, C width.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

struct EntityWeights {
  Tensor keys;     ///< w [N, C]
  Tensor u, v, w;  ///< U, V and W, [C, C]
  Tensor slopes;   ///< of phi below zero, [C]; undefined: phi is the identity
};

struct EntityMemory {
  Tensor memory;  ///< [B, N, C], after a story's last sentence
  Tensor gates;   ///< [B, M, N]: how far each sentence was written into each slot; 0 of padding
};

/// Henaff et al. 2017, 2.2: the sentences s [B, M, C] of a story are written into slots h_j, one
/// after the other. Slots start as their keys w_j; then
///
///   g_j = sigmoid(s'h_j + s'w_j)
///   c_j = phi(U h_j + V w_j + W s)     phi: parametric ReLU, x or slope x where x < 0
///   h_j = h_j + g_j c_j, divided by its length
///
/// `lengths` i64 [B]: sentences from there on are padding and are not read. The stories are sorted
/// by length inside, so that padding takes no time. Throws ShapeError, and IndexError for a length
/// outside 0..M.
EntityMemory entity_memory(const Tensor& sentences, const EntityWeights& weights,
                           const Tensor& lengths = {});

}  // namespace tapehead::nn
