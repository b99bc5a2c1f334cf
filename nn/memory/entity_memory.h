// The dynamic memory of recurrent entity networks.
//
// B batch, M sentences, N slots, C embedding.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

/// Parameters of entity_memory().
struct EntityWeights {
  Tensor keys;     ///< w [N, C]
  Tensor u, v, w;  ///< U, V and W, [C, C]
  Tensor slopes;   ///< of phi below zero, [C]; undefined: phi is the identity
};

/// Output of entity_memory().
struct EntityMemory {
  Tensor memory;  ///< [B, N, C], after a story's last sentence
  Tensor gates;   ///< [B, M, N]: g of each sentence and slot; 0 for padding
};

/// Writes the sentences s [B, M, C] of stories into slots h_j, one after the other (Henaff et al.
/// 2017, 2.2). Slots are initialized with their keys w_j; then
///
///   g_j = sigmoid(s'h_j + s'w_j)
///   c_j = phi(U h_j + V w_j + W s)     phi: parametric ReLU, x or slope x where x < 0
///   h_j = (h_j + g_j c_j) / |h_j + g_j c_j|
///
/// `lengths` i64 [B]: numbers of sentences; later ones are padding, which is not read and takes no
/// time. Throws ShapeError, and IndexError for a length outside 0..M.
/// Example: nn::entity_memory(randn({2, 5, 4}), {.keys = randn({3, 4}), .u = eye(4), .v = eye(4),
///     .w = eye(4)}).memory  // shape [2, 3, 4]
EntityMemory entity_memory(const Tensor& sentences, const EntityWeights& weights,
                           const Tensor& lengths = {});

}  // namespace tapehead::nn
