// Multi-head attention.
//
// B batch, T queries, S keys, C embedding, M channels of the memory, H heads, H' heads of keys and
// values, D channels of a head.
#pragma once

#include <optional>
#include <utility>

#include "tapehead/autograd/attention.h"
#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/kv_cache.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {

/// Within TransformerOptions the defaults are those of the Transformer: see completed().
struct MultiHeadOptions {
  int64_t embed_dim = 0;               ///< C, of x and of the output
  int64_t num_heads = 0;               ///< H; default: 1
  int64_t num_kv_heads = 0;            ///< H', a divisor of H (Ainslie et al. 2023); default: H
  int64_t head_dim = 0;                ///< D; default: embed_dim / num_heads
  int64_t memory_dim = 0;              ///< M, in cross-attention; default: embed_dim
  std::optional<double> dropout = {};  ///< of the attention weights, in training; default: 0
  std::optional<double> scale = {};    ///< of the scores; default: 1 / sqrt(head_dim)
  std::optional<bool> bias = {};       ///< of the projections to q, k and v; default: true
  std::optional<bool> out_bias = {};   ///< of the output projection; default: bias
  std::optional<bool> packed_qkv =
      {};  ///< one projection `qkv`, for self-attention; default: false
  std::optional<RopeOptions> rope = {};  ///< dim 0: head_dim; default: no RoPE
  Init init = {};                        ///< of the projections; default: init::fan_in_uniform()
  Init q_init = {};                      ///< of `q`, if not packed; default: init
  Init out_init = {};                    ///< of `out`; default: init
};

/// Keys and values of a memory, [B, H', S, D].
struct ProjectedMemory {
  Tensor k, v;  ///< see above
};

/// Multi-head attention (Vaswani et al. 2017, 3.2.2), multi-query and grouped-query attention: out
/// of the concatenated heads, each scaled_dot_product_attention() of its part of q(x), k(memory)
/// and v(memory). Parameters: `q`, `k`, `v` or `qkv`, and `out`, each `weight` and `bias`.
/// Example: nn::MultiHeadAttention(at, {.embed_dim = 64, .num_heads = 4})(randn({8, 20, 64}),
///     {.causal = true})  // shape [8, 20, 64]
class MultiHeadAttention {
 public:
  /// Throws ValueError if the numbers of heads do not divide as above, and for packed_qkv with
  /// memory_dim != embed_dim.
  MultiHeadAttention(Scope at, const MultiHeadOptions& options);

  /// Self-attention: x [B, T, C] to [B, T, C]. Positions past options.lengths are not attended to;
  /// their outputs are to be ignored. Throws ShapeError.
  Tensor operator()(const Tensor& x, const AttentionOptions& options = {}) const;
  /// Cross-attention: x [B, T, C] attends to memory [B, S, M], which is not read past
  /// options.lengths. Throws ShapeError, and ValueError with packed_qkv.
  Tensor operator()(const Tensor& x, const Tensor& memory,
                    const AttentionOptions& options = {}) const;
  /// Self-attention of the next positions of a sequence, for generation: appends the keys and
  /// values of x to the cache, and attends to all that it holds. Gradients do not flow through the
  /// cache.
  Tensor operator()(const Tensor& x, KvCache& cache, const AttentionOptions& options = {}) const;

  /// Self-attention if `memory` is x or undefined, else cross-attention, with the attention weights
  /// that options.weights_of requests.
  AttentionOutput attend(const Tensor& x, const Tensor& memory,
                         const AttentionOptions& options) const;
  /// Keys and values of memory [B, S, M], to attend to it several times. Throws as cross-attention.
  ProjectedMemory project(const Tensor& memory) const;
  AttentionOutput attend(const Tensor& x, const ProjectedMemory& memory,
                         const AttentionOptions& options) const;

  /// The options with all defaults filled in.
  const MultiHeadOptions& options() const { return options_; }
  /// The scope of its parameters.
  const Scope& scope() const { return at_; }

  /// Linear at first. q: [B, T, C] to [B, T, H D]; k and v: [B, S, M] to [B, S, H' D]; qkv: [B, T,
  /// C] to [B, T, (H + 2 H') D]; out: [B, T, H D] to [B, T, C]. With packed_qkv q, k and v are
  /// empty, else qkv.
  AnyLayer q, k, v, qkv, out;

 private:
  ProjectedMemory project_separately(const Tensor& memory) const;
  Tensor project_queries(const Tensor& x) const;
  std::pair<Tensor, ProjectedMemory> project_self(const Tensor& x) const;
  void check_separate() const;
  AttentionOutput finish(const Tensor& queries, const ProjectedMemory& memory,
                         AttentionOptions options) const;

  Scope at_;
  MultiHeadOptions options_;
  std::optional<Rope> rope_;
};

}  // namespace tapehead::nn
