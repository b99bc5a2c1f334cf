// Scores of additive attention, as one op.
//
// B batch, S keys, A attention width.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

/// Scores of additive attention, Bahdanau et al. 2015: v [A] times tanh(keys [B, S, A] + query [B,
/// A]) gives [B, S].
Tensor additive_scores(const Tensor& keys, const Tensor& query, const Tensor& v);

}  // namespace tapehead::nn
