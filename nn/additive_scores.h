// The scores of additive attention, as one op.
//
// B batch, S keys, A attention width.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

/// Scores of additive attention (Bahdanau et al. 2015): score[b, s] = sum_a v[a] tanh(keys[b, s, a]
/// + query[b, a]), from keys [B, S, A], query [B, A] and v [A], f32 or f64. Throws ShapeError if
/// the shapes do not match.
Tensor additive_scores(const Tensor& keys, const Tensor& query, const Tensor& v);

}  // namespace tapehead::nn
