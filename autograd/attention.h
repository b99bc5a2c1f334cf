// Scaled dot-product attention with all common variants.
//
// B batch size, H query heads, H' key/value heads, T queries, S keys, D head dimension, E head
// dimension of values, N relative positions.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "tapehead/autograd/rotary.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// Local attention: the number of keys visible before and after the position of a query. Unset
/// means unlimited.
struct AttentionWindow {
  std::optional<int64_t> before = {}, after = {};
};

/// Relative position embeddings: a table of N vectors, learned or fixed, for the distance from
/// query to key (Shaw, Uszkoreit and Vaswani 2018; with a separate `query`, Transformer-XL, Dai et
/// al. 2019). N is odd; the middle entry is distance 0, and larger distances are clamped to the
/// ends.
struct RelativePositions {
  Tensor keys = {};    ///< [N, D] or [H, N, D]: dotted with the query and added to the score
  Tensor values = {};  ///< [N, E] or [H, N, E]: added to the values
  Tensor query = {};   ///< [B, H, T, D]: used with `keys` instead of q
};

/// Packed sequences without padding, as cumulative lengths i64 [n + 1]: B is 1, and sequence i
/// occupies positions starts[i] to starts[i + 1].
struct PackedSequences {
  Tensor queries = {}, keys = {};
};

/// The heads and queries to return attention weights for; an empty list means all.
struct WeightsOf {
  std::vector<int64_t> heads = {}, queries = {};
};

/// The position of a tile of scores: its batch index and head, and the i64 positions of its queries
/// [R, 1] and keys [1, C].
struct ScoresAt {
  int64_t batch, head;
  Tensor queries, keys;
};
/// Modifies a tile of scores [R, C] with differentiable ops, which may use other tensors, including
/// tracked ones (score_mod in FlexAttention). Called once per tile; must apply the same ops each
/// time.
using ScoreFunctionOf = std::function<Tensor(const Tensor& scores, const ScoresAt& at)>;
/// Returns a bool mask that broadcasts to [R, C], true where a query may attend to a key (mask_mod
/// in FlexAttention).
using MaskFunctionOf = std::function<Tensor(const ScoresAt& at)>;

/// Options of scaled_dot_product_attention(). All of them can be combined.
struct AttentionOptions {
  /// Query i attends only to keys up to its own position, start + i.
  bool causal = false;
  /// Broadcasts to [B, H, T, S]. bool: true where a query may attend to a key. Floating: added to
  /// the scores. Masked keys have weight 0 but are still read, so NaN in them propagates, as in
  /// PyTorch.
  Tensor mask = {};
  /// i64 [B]: the number of valid keys. Keys beyond are padding and are not read.
  Tensor lengths = {};
  PackedSequences packed = {};
  AttentionWindow window = {};
  /// Floating; added to the scores. Broadcasts to [B, H, T, S].
  Tensor bias = {};
  /// [N] or [H, N]: bias by relative position, added to the scores; indexed like the tables of
  /// `relative`. Used for ALiBi (see alibi()) and the buckets of T5.
  Tensor distance_bias = {};
  RelativePositions relative = {};
  /// Applies RoPE to queries, from position `start` on, and to keys, from position 0 on.
  const Rope* rope = nullptr;
  /// Dropout probability of attention weights.
  double dropout = 0;
  /// Caps scores x to c tanh(x / c) before biases are added; 0 disables it (Gemma Team 2024).
  double softcap = 0;
  /// [H]: the logit of an attention sink per head, a key without a value (Xiao et al. 2024).
  Tensor sinks = {};
  /// Factor of the scores; 1 / sqrt(D) by default.
  std::optional<double> scale = {};
  /// The key position of the first query. By default S - T, which aligns the last query with the
  /// last key; always so for packed sequences.
  std::optional<int64_t> start = {};
  ScoreFunctionOf score = {};
  MaskFunctionOf visible = {};
  std::optional<WeightsOf> weights_of = {};
};

/// The results of attention.
struct AttentionOutput {
  Tensor out;      ///< [B, H, T, E]
  Tensor weights;  ///< [B, heads, queries, S] if requested; detached, before dropout
};

/// softmax(score) v (Vaswani et al. 2017), where
///
///   score_ij = score(cap(scale (q_i k_j + r_i a_{j-i})) + bias_ij + distance_bias_{j-i})
///
/// for q [B, H, T, D], k [B, H', S, D], v [B, H', S, E]; H' divides H, and query head h uses key
/// head h H' / H (grouped-query attention, Ainslie et al. 2023). f32, f64, or bf16 and f16,
/// which are computed in f32. The output of a query with no visible key is 0.
///
/// Computed in tiles, forward and backward, so that memory is linear in T + S, except for a bias or
/// mask of size T S. Second derivatives use the untiled formula and O(T S) memory.
///
/// Throws ShapeError, DTypeError and IndexError for operands and options that do not fit, and
/// ValueError for invalid options.
/// Example: Tensor q = randn({2, 4, 10, 16}); scaled_dot_product_attention(q, q, q,
///     {.causal = true}).out  // shape [2, 4, 10, 16]
AttentionOutput scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                             const AttentionOptions& options = {});

/// The distance_bias of ALiBi (Press, Smith and Lewis 2022), [heads, 2 length - 1]: minus slope
/// times distance. The slope of head i is 2^(-8 i / heads). If `heads` is not a power of two, the
/// slopes are those of the next lower power, followed by every other one of the next higher. f32.
/// Throws ValueError unless both are at least 1.
/// Example: alibi(2, 2)  // shape [2, 3]
Tensor alibi(int64_t heads, int64_t length);

}  // namespace tapehead
