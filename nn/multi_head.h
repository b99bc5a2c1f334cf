// Multi-head attention.
//
// B batch, T queries, S keys, C embedding, H heads, H' heads of keys and values, D of a head.
#pragma once

#include <optional>
#include <utility>

#include "tapehead/autograd/attention.h"
#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/kv_cache.h"
#include "tapehead/nn/linear.h"

namespace tapehead::nn {

/// Within TransformerOptions, what is left at 0, none or empty is as the Transformer has it.
struct MultiHeadOptions {
  int64_t embed_dim = 0;                 ///< C, of x and of the output
  int64_t num_heads = 0;                 ///< H; 0: 1
  int64_t num_kv_heads = 0;              ///< H', which divides H (Ainslie et al. 2023); 0: H
  int64_t head_dim = 0;                  ///< D; 0: embed_dim / num_heads, which must be whole
  int64_t memory_dim = 0;                ///< of the memory in cross attention; 0: embed_dim
  std::optional<double> dropout = {};    ///< of the attention weights, in training; none: 0
  std::optional<double> scale = {};      ///< of the scores; none: 1 / sqrt(head_dim)
  std::optional<bool> bias = {};         ///< of the projections to q, k and v; none: true
  std::optional<bool> out_bias = {};     ///< of the output projection; none: bias
  std::optional<bool> packed_qkv = {};   ///< one projection `qkv`, for self-attention; none: false
  std::optional<RopeOptions> rope = {};  ///< dim = 0: head_dim
  Init init = {};                        ///< of the projections; empty: init::fan_in_uniform()
  Init q_init = {};                      ///< of `q`, where it is separate; empty: init
  Init out_init = {};                    ///< of `out`; empty: init
};

/// A memory's keys and values, [B, H', S, D].
struct ProjectedMemory {
  Tensor k, v;
};

/// Vaswani et al. 2017, 3.2.2: heads attend side by side, each to its own projection, and their
/// outputs are projected together. Parameters: `q`, `k`, `v` or `qkv`, and `out`.
class MultiHeadAttention {
 public:
  /// Throws ValueError for heads that do not divide, and for packed projections of a memory.
  MultiHeadAttention(Scope at, const MultiHeadOptions& options);

  /// Self-attention: x [B, T, C] to [B, T, C]. Positions past options.lengths are keys of none,
  /// but have outputs.
  Tensor operator()(const Tensor& x, const AttentionOptions& options = {}) const;
  /// Cross attention: x [B, T, C] attends to memory [B, S, M], which is not read past
  /// options.lengths.
  Tensor operator()(const Tensor& x, const Tensor& memory,
                    const AttentionOptions& options = {}) const;
  /// Self-attention of the next positions of a sequence: x attends to the cached positions and to
  /// itself, and joins the cache. For generation: gradients do not flow through the cache.
  Tensor operator()(const Tensor& x, KvCache& cache, const AttentionOptions& options = {}) const;

  /// The first two, with the attention weights that options.weights_of asks for. An undefined
  /// memory is x.
  AttentionOutput attend(const Tensor& x, const Tensor& memory,
                         const AttentionOptions& options) const;
  /// The memory's keys and values, to attend to it more than once.
  ProjectedMemory project(const Tensor& memory) const;
  AttentionOutput attend(const Tensor& x, const ProjectedMemory& memory,
                         const AttentionOptions& options) const;

  /// The options with every field filled in.
  const MultiHeadOptions& options() const { return options_; }
  /// Where its parameters are.
  const Scope& scope() const { return at_; }

  /// The projections, Linear at first: [B, T, C] to [B, T, H D] of q, [B, S, M] to [B, S, H' D] of
  /// k and v, [B, T, C] to [B, T, (H + 2 H') D] of qkv, [B, T, H D] to [B, T, C] of out. Either qkv
  /// or the three are empty.
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
