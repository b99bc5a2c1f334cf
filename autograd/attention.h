// Scaled dot-product attention with all common variants.
//
// B batch, H query heads, H' heads of keys and values, T queries, S keys, D size of a head, E of
// its values, N distances.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "tapehead/autograd/rotary.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

/// How many keys a query sees before and after its own position; none: all.
struct AttentionWindow {
  std::optional<int64_t> before = {}, after = {};
};

/// Vectors for the distance from a query to a key, learned or made (Shaw, Uszkoreit and Vaswani
/// 2018; with a `query` of its own: Dai et al. 2019, Transformer-XL). The middle of the N, an odd
/// number, is distance 0; distances beyond the ends count as the ends.
struct RelativePositions {
  Tensor keys = {};    ///< [N, D] or [H, N, D]: a query times that of the distance joins the score
  Tensor values = {};  ///< [N, E] or [H, N, E]: added to the value
  Tensor query = {};   ///< [B, H, T, D]: what `keys` are multiplied by in place of q
};

/// Packed sequences, without padding: B is 1, and sequence i has the positions from
/// starts[i] to starts[i + 1]. i64 [n + 1].
struct PackedSequences {
  Tensor queries = {}, keys = {};
};

/// The heads and queries whose attention weights are returned; an empty list: all.
struct WeightsOf {
  std::vector<int64_t> heads = {}, queries = {};
};

/// The position of a tile of scores: its sequence and head, and its queries [R, 1] and keys [1, C],
/// i64.
struct ScoresAt {
  int64_t batch, head;
  Tensor queries, keys;
};
/// Modifies a tile of scores [R, C]: any differentiable ops, which may use other tensors, tracked
/// ones too. Called for every tile, always with the same ops.
using ScoreFunctionOf = std::function<Tensor(const Tensor& scores, const ScoresAt& at)>;
/// bool, of a shape that broadcasts to [R, C]: true where a query may see a key.
using MaskFunctionOf = std::function<Tensor(const ScoresAt& at)>;

/// All options combine.
struct AttentionOptions {
  /// Query i sees the keys up to its own position, start + i.
  bool causal = false;
  /// bool: true where a query may see a key; or floating: added to the scores. Broadcasts to [B, H,
  /// T, S]. Hidden keys have the weight 0, but are read: NaN there stays NaN, as in PyTorch.
  Tensor mask = {};
  /// i64 [B]: the keys from there on are padding, which is not read.
  Tensor lengths = {};
  PackedSequences packed = {};
  AttentionWindow window = {};
  /// Added to the scores; broadcasts to [B, H, T, S].
  Tensor bias = {};
  /// [N] or [H, N]: added to the scores by distance, as in `relative`; alibi() and T5's buckets
  /// make one.
  Tensor distance_bias = {};
  RelativePositions relative = {};
  /// Applies RoPE to queries, from the position `start` on, and to keys, from 0 on.
  const Rope* rope = nullptr;
  /// The probability that a weight is dropped.
  double dropout = 0;
  /// c: scores x become c tanh(x / c) before biases are added (Gemma Team 2024).
  double softcap = 0;
  /// [H]: the logit of an attention sink, a key without a value (Xiao et al. 2024).
  Tensor sinks = {};
  /// 1 / sqrt(D) when not given.
  std::optional<double> scale = {};
  /// The position of the first query among the keys: S - T when not given, so that the last query
  /// is at the last key. In packed sequences always that.
  std::optional<int64_t> start = {};
  ScoreFunctionOf score = {};
  MaskFunctionOf visible = {};
  std::optional<WeightsOf> weights_of = {};
};

struct AttentionOutput {
  Tensor out;      ///< [B, H, T, E]
  Tensor weights;  ///< [B, heads, queries, S] when asked for: detached, and before dropout
};

/// softmax(score) v, Vaswani et al. 2017, with
///
///   score_ij = score(cap(scale (q_i k_j + r_i a_{j-i})) + bias_ij + distance_bias_{j-i})
///
/// for q [B, H, T, D], k [B, H', S, D], v [B, H', S, E], where H' divides H: head h uses the keys h
/// H' / H (Ainslie et al. 2023). f32, f64, and bf16, which is computed in f32. A query that sees no
/// key gets 0.
///
/// Computed in tiles, forward and backward: memory grows with T + S, never with T S, but for a bias
/// or mask of that size. Second derivatives are those of the plain formula, and need that memory.
///
/// Throws ShapeError, DTypeError, IndexError and ValueError.
AttentionOutput scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                             const AttentionOptions& options = {});

/// The distance_bias of ALiBi (Press, Smith and Lewis 2022), [heads, 2 length - 1]: minus a head's
/// slope times the distance. Slopes are 2^(-8 i / heads); for other numbers of heads than powers of
/// two those of the next lower power, then every other one of the next higher.
Tensor alibi(int64_t heads, int64_t length);

}  // namespace tapehead
