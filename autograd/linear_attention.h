// Linear attention: attention by feature maps, in time linear in the sequence length.
//
// B batch size, H query heads, H' key/value heads, T queries, S keys, D head dimension, E head
// dimension of values, F features.
#pragma once

#include <functional>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// Maps queries or keys [B, H, T, D] to features [B, H, T, F] by differentiable ops.
using FeatureMap = std::function<Tensor(const Tensor&)>;

struct LinearAttentionOptions {
  /// Query i attends only to keys up to its own position, S - T + i.
  bool causal = false;
  /// i64 [B]: the number of valid keys. Keys beyond are padding and are not read.
  Tensor lengths = {};
  /// elu(x) + 1 by default. Features should be positive, since weights are normalised by their sum.
  FeatureMap feature = {};
};

/// Linear attention (Katharopoulos et al. 2020): exp(q k) of the softmax is replaced by f(q) f(k),
/// so that
///
///   out_i = f(q_i) (sum_j f(k_j) v_j') / (f(q_i) sum_j f(k_j))
///
/// for q [B, H, T, D], k [B, H', S, D], v [B, H', S, E], where H' divides H: [B, H, T, E]. The sums
/// over j are shared by all queries, or, if causal, computed in blocks of 64 keys, so time and
/// memory are linear in T + S, for forward, backward and second derivatives. f32, f64, or bf16 and
/// f16, which are computed in f32. The output of a query whose weights sum to 0 is 0.
///
/// Throws ShapeError (also for a feature map that changes any axis but the last, and for causal
/// attention with T > S), DTypeError, and IndexError for a length outside 0..S.
Tensor linear_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                        const LinearAttentionOptions& options = {});

}  // namespace tapehead
