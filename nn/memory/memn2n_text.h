// End-to-end memory networks as language models: Sukhbaatar, Szlam, Weston and Fergus 2015,
// section 5.
//
// B batch, T tokens, V vocabulary, C embedding, M memory, K hops.
#pragma once

#include "tapehead/nn/linear.h"

namespace tapehead::nn {

struct MemN2NTextConfig {
  int64_t vocab_size = 0;
  int64_t embed_dim = 150;
  int64_t hops = 6;
  int64_t memory = 100;  ///< how many tokens it sees: the last one, and those before it
  Init init = init::normal(0.05);
};

/// Guesses the token after each from the M tokens x_i up to it, each a sentence of its own, at age
/// a(i). There is no question, u_1 is 0.1 everywhere, and the hops have their weights in common:
///
///   p_i = softmax(u_k' (A x_i + T_A a(i)))      o_k = sum_i p_i (C x_i + T_C a(i))
///   u_{k+1} = f(H u_k + o_k)                    the next token: softmax(W u_{K+1})
///
/// f is a ReLU on the first half of the units. All positions of a text are computed together: a hop
/// is attention in a window, with vectors for distances (scaled_dot_product_attention), and no
/// matrix [T, T] is ever held. Before position M fewer tokens are seen.
class MemN2NText {
 public:
  /// Throws ValueError for sizes below 1.
  MemN2NText(const Scope& at, const MemN2NTextConfig& config);

  /// i64 [B, T] to the logits of the tokens that follow, [B, T, V]. T may be any.
  Tensor operator()(const Tensor& ids) const;
  /// The mean cross entropy of targets [B, T]; those of -100 do not count.
  Tensor loss(const Tensor& ids, const Tensor& targets) const;

  const MemN2NTextConfig& config() const { return config_; }

 private:
  MemN2NTextConfig config_;
  Scope at_;
  Embedding keys_, values_;       // A and C
  Tensor key_ages_, value_ages_;  // T_A and T_C [M, C], the oldest first
  Linear step_, answer_;          // H and W
};

}  // namespace tapehead::nn
