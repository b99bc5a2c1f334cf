// Attention whose weights are products of features: linear in the length.
//
// B batch, H query heads, H' heads of keys and values, T queries, S keys, D width, E width of the
// values, F features.
#pragma once

#include <functional>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// From queries or keys [B, H, T, D] to their features [B, H, T, F], by any differentiable ops.
using FeatureMap = std::function<Tensor(const Tensor&)>;

struct LinearAttentionOptions {
  /// Query i sees the keys up to its own position, S - T + i.
  bool causal = false;
  /// i64 [B]: the keys from there on are padding, which is not read.
  Tensor lengths = {};
  /// elu(x) + 1 when not given. Should be positive: weights are shares of a sum.
  FeatureMap feature = {};
};

/// Linear attention, Katharopoulos et al. 2020: softmax's exp(q k) becomes f(q) f(k), so that
///
///   out_i = f(q_i) (sum_j f(k_j) v_j') / (f(q_i) sum_j f(k_j))
///
/// for q [B, H, T, D], k [B, H', S, D], v [B, H', S, E], where H' divides H, gives [B, H, T, E].
/// The sums over j are shared by all queries; causal ones are made in pieces of 64 keys. So time
/// and memory grow with T + S, forward and backward, and for second derivatives, too. f32, f64, and
/// bf16, which is computed in f32. A query whose weights add up to 0 gets 0.
///
/// Throws ShapeError, also for a feature map that changes more than the last axis, DTypeError, and
/// IndexError for a length outside 0..S.
Tensor linear_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                        const LinearAttentionOptions& options = {});

}  // namespace tapehead
