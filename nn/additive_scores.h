// The scores of additive attention, as one op.
//
// B batch, S keys, A attention width, K features.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::nn {

/// Scores of additive attention (Bahdanau et al. 2015): score[b, s] = sum_a v[a] tanh(keys[b, s, a]
/// + query[b, a]), from keys [B, S, A], query [B, A] and v [A], f32 or f64. With features [B, S, K]
/// of the positions, such as earlier weights (Chorowski et al. 2015), and a weight [A, K],
/// sum_k weight[a, k] features[b, s, k] is added before the tanh. Throws ShapeError if the shapes
/// do not match.
Tensor additive_scores(const Tensor& keys, const Tensor& query, const Tensor& v,
                       const Tensor& features = {}, const Tensor& weight = {});

}  // namespace tapehead::nn
