// End-to-end memory networks as language models: Sukhbaatar, Szlam, Weston and Fergus 2015,
// section 5.
//
// B batch, T tokens, V vocabulary, C embedding, M memory, K hops.
#pragma once

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct MemN2NTextConfig {
  int64_t vocab_size = 0;
  int64_t embed_dim = 150;
  int64_t hops = 6;
  int64_t memory = 100;  ///< M: attends to the last M tokens, the current one included
  Init init = init::normal(0.05);
};

/// Predicts the next token from the last M tokens x_i, each a memory of its own, at age a(i). There
/// is no question: u_1 is 0.1 everywhere. The hops share their weights:
///
///   p_i = softmax(u_k' (A x_i + T_A a(i)))      o_k = sum_i p_i (C x_i + T_C a(i))
///   u_{k+1} = f(H u_k + o_k)                    the next token: softmax(W u_{K+1})
///
/// f is a ReLU on the first half of the units. All positions of a text are computed together: a hop
/// is attention in a window, with relative position vectors (scaled_dot_product_attention), and no
/// matrix [T, T] is stored. Before position M fewer tokens are attended to.
///
/// Parameters: `keys.weight`, `values.weight`, `key_ages`, `value_ages`, `step.weight`,
/// `answer.weight`.
/// Example: nn::MemN2NText(at, {.vocab_size = 20, .embed_dim = 8, .memory = 5})(tensor({{4, 5, 6},
///     {7, 8, 9}}))  // shape [2, 3, 20]
class MemN2NText {
 public:
  /// Throws ValueError for sizes below 1.
  MemN2NText(const Scope& at, const MemN2NTextConfig& config);

  /// ids i64 [B, T], of any T, to the logits of the tokens that follow, [B, T, V].
  Tensor operator()(const Tensor& ids) const;
  /// Mean cross entropy of targets i64 [B, T]; targets of -100 are ignored.
  Tensor loss(const Tensor& ids, const Tensor& targets) const;

  const MemN2NTextConfig& config() const { return config_; }

  AnyLayer keys, values;        ///< A and C: Embedding at first, ids [B, T] to [B, T, C]
  Tensor key_ages, value_ages;  ///< T_A and T_C [M, C], the oldest first
  AnyLayer step, answer;        ///< H and W: Linear at first, [..., C] to [..., C] and [..., V]

 private:
  MemN2NTextConfig config_;
  Scope at_;
};

}  // namespace tapehead::nn
