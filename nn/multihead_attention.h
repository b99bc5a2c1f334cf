// Multi-head attention with PyTorch's parameters, masks and layouts. MultiHeadAttention
// (multi_head.h) has more variants, and separate layers for its projections.
//
// B batch, T queries, S keys, E embedding, H heads.
#pragma once

#include <utility>
#include <vector>

#include "tapehead/autograd/attention.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {

struct MultiheadAttentionOptions {
  double dropout = 0;  ///< of the attention weights, in training
  bool bias = true;
  bool add_bias_kv = false;    ///< a learned key and value, `bias_k` and `bias_v`, after the others
  bool add_zero_attn = false;  ///< a key and a value of zeros after all others
  int64_t kdim = 0;            ///< size of the keys; 0: E
  int64_t vdim = 0;            ///< size of the values; 0: E
  bool batch_first = false;    ///< [B, T, E] instead of [T, B, E]
  Init init = {};  ///< of the weights; empty: xavier_uniform, of out_proj fan_in_uniform
};

/// Options of a call. Masks are bool, true where a key is NOT attended to, unlike the library's
/// other masks; or floating, added to the scores.
struct MultiheadAttentionForwardOptions {
  Tensor key_padding_mask = {};      ///< [B, S]; [S] for one sequence
  bool need_weights = true;          ///< return the attention weights; faster without
  Tensor attn_mask = {};             ///< [T, S] or [B H, T, S]
  bool average_attn_weights = true;  ///< of the heads
  bool is_causal = false;  ///< query i sees keys 0..i only; attn_mask may be left out, then
};

/// PyTorch's nn.MultiheadAttention (Vaswani et al. 2017, 3.2.2). Parameters: `in_proj_weight`
/// [3 E, E] or, with another kdim or vdim, `q_proj_weight`, `k_proj_weight` and `v_proj_weight`;
/// `in_proj_bias` [3 E], `out_proj.weight`, `out_proj.bias`; `bias_k` and `bias_v` [1, 1, E].
/// Example: const Tensor x = randn({20, 8, 64}); nn::MultiheadAttention(at, 64, 4)(x, x, x).out
///     // shape [20, 8, 64]
class MultiheadAttention {
 public:
  /// Throws ValueError unless num_heads divides embed_dim.
  MultiheadAttention(Scope at, int64_t embed_dim, int64_t num_heads,
                     const MultiheadAttentionOptions& options = {});
  MultiheadAttention(int64_t embed_dim, int64_t num_heads,
                     const MultiheadAttentionOptions& options = {})
      : MultiheadAttention(Scope(), embed_dim, num_heads, options) {}

  /// query [T, B, E], key [S, B, kdim], value [S, B, vdim]; with batch_first [B, T, E] and so on;
  /// or one sequence each, without B. Returns the output, of the shape of the query, and the
  /// weights, if needed: [B, T, S'] averaged or [B, H, T, S'], where S' includes added keys; after
  /// dropout and differentiable, unlike those of scaled_dot_product_attention(). One projection
  /// serves operands that are the same tensor. A query all of whose keys are masked gives NaN with
  /// need_weights, and attends to zeros without, as in PyTorch. Throws ShapeError.
  AttentionOutput operator()(const Tensor& query, const Tensor& key, const Tensor& value,
                             const MultiheadAttentionForwardOptions& options = {}) const;
  const Scope& scope() const { return at_; }

  Tensor in_proj_weight, q_proj_weight, k_proj_weight, v_proj_weight;
  Tensor in_proj_bias, bias_k, bias_v;
  Linear out_proj;

 private:
  struct Heads {
    Tensor q, k, v;  // [B, H, T or S, E / H]
  };
  struct Masks {
    Tensor hidden, bias;  // broadcast to [B, H, T, S']
  };
  Tensor weight_of(int64_t first, int64_t last) const;
  std::vector<Tensor> project(const Tensor& query, const Tensor& key, const Tensor& value) const;
  Heads heads_of(const Tensor& query, const Tensor& key, const Tensor& value) const;
  Tensor split(const Tensor& x) const;
  Tensor merge(const Tensor& x) const;
  Masks masks_of(const Heads& heads, const MultiheadAttentionForwardOptions& options) const;
  AttentionOutput batched(const Tensor& query, const Tensor& key, const Tensor& value,
                          const MultiheadAttentionForwardOptions& options) const;
  AttentionOutput weighted(const Heads& heads, const Masks& masks, double dropout) const;

  Scope at_;
  int64_t embed_dim_, num_heads_;
  MultiheadAttentionOptions options_;
};

}  // namespace tapehead::nn
