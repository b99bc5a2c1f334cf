// Multi-head attention.
//
// B batch, T queries, S keys, C width, H heads.
#pragma once

#include <optional>

#include "tapehead/autograd/attention.h"
#include "tapehead/nn/kv_cache.h"
#include "tapehead/nn/linear.h"
#include "tapehead/nn/norm.h"

namespace tapehead::nn {

struct MultiHeadOptions {
  int64_t width = 0;                 ///< C, of x and of the result
  int64_t heads = 1;                 ///< must divide the width, unless head_width is given
  int64_t kv_heads = 0;              ///< heads of keys and values, which divides heads; 0: as many
  int64_t head_width = 0;            ///< 0: width / heads
  int64_t memory_width = 0;          ///< of the memory in cross attention; 0: width
  double dropout = 0;                ///< of the weights, in training
  std::optional<double> scale = {};  ///< of the scores; 1 / sqrt(head_width) when not given
  bool bias = true;                  ///< of the projections to queries, keys and values
  bool out_bias = true;
  bool packed = false;                   ///< one projection `qkv`, for attention of x to itself
  std::optional<RopeOptions> rope = {};  ///< its width: 0 for the whole head
  Init init = init::fan_in_uniform();
  Init q_init = {};    ///< of the projection to queries, where it is separate; empty: init
  Init out_init = {};  ///< of the last projection; empty: init
};

/// A memory as an attention sees it: [B, H', S, D].
struct ProjectedMemory {
  Tensor k, v;
};

/// Vaswani et al. 2017, 3.2.2: heads attend side by side, each to its own projection, and what they
/// found is projected together. Parameters: `q`, `k`, `v` or `qkv`, and `out`.
class MultiHeadAttention {
 public:
  /// Throws ValueError for heads that do not divide, and for packed projections of a memory.
  MultiHeadAttention(Scope at, const MultiHeadOptions& options);

  /// x [B, T, C] attends to itself. Past options.lengths there are no keys, but queries all the
  /// same.
  Tensor operator()(const Tensor& x, const AttentionOptions& options = {}) const;
  /// x attends to memory [B, S, M], of which what lies past options.lengths is not read.
  Tensor operator()(const Tensor& x, const Tensor& memory,
                    const AttentionOptions& options = {}) const;
  /// x, what is new, attends to all that went through the cache, and to itself. Not recorded past
  /// the cache: for generation.
  Tensor operator()(const Tensor& x, KvCache& cache, const AttentionOptions& options = {}) const;

  /// The same as the first two, with the weights that options.weights_of asks for. An undefined
  /// memory is x.
  Attended attend(const Tensor& x, const Tensor& memory, const AttentionOptions& options) const;
  /// For many looks at one memory, which is projected once.
  ProjectedMemory project(const Tensor& memory) const;
  Attended attend(const Tensor& x, const ProjectedMemory& memory,
                  const AttentionOptions& options) const;

 private:
  struct Heads {
    Tensor q, k, v;  // [B, H, ·, D]
  };
  Heads heads_of(const Tensor& x, const Tensor& memory) const;
  Tensor queries_of(const Tensor& x) const;
  void check_separate() const;
  Attended finish(const Heads& heads, const AttentionOptions& options) const;

  Scope at_;
  MultiHeadOptions options_;
  std::optional<Linear> q_, k_, v_, qkv_;
  Linear out_;
  std::optional<Rope> rope_;
};

}  // namespace tapehead::nn
