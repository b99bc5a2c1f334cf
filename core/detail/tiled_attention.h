// Scaled dot-product attention in tiles, without gradient tracking.
//
// B batch size, H query heads, G query heads per key/value head, T queries, S keys, D head
// dimension of queries and keys, E head dimension of values, N relative positions.
#pragma once

#include <memory>

#include "tapehead/core/random.h"

namespace tapehead::core {

inline constexpr int64_t kUnlimited = INT64_MAX / 4;

/// A tile of the score matrix: rows row.. (queries) and columns column.. (keys) of one head of one
/// sequence.
struct ScoreTile {
  int64_t batch, head, row, rows, column, columns;
};

/// A user function applied to the scores after all other terms, before masking.
class ScoreFunction {
 public:
  virtual ~ScoreFunction() = default;
  /// Modifies the scores [rows, columns] of a tile in place.
  virtual void forward(const ScoreTile& tile, const Tensor& scores) = 0;
  /// Given the scores before forward(), replaces `gradient`, the gradient with respect to the
  /// modified scores, by that with respect to the original ones.
  virtual void backward(const ScoreTile& tile, const Tensor& before, const Tensor& gradient) = 0;
};

/// The attention to compute:
///
///   score(i, j) = cap(scale (q_i k_j + r_i a_{j-i})) + bias_ij + distance_{j-i}
///   out_i = sum_j w_ij (v_j + b_{j-i}),  w_i = dropout(softmax(score_i, sink))
///
/// cap(x) = c tanh(x / c). The result of a query with no visible key is 0.
struct AttentionSpec {
  double scale = 1;
  double softcap = 0;          ///< 0: none
  int64_t left = kUnlimited;   ///< visible keys before the position of the query
  int64_t right = kUnlimited;  ///< and after it
  int64_t start = 0;           ///< key position of the first query
  double dropout = 0;
  Generator generator;  ///< dropout uses its next draw
  ScoreFunction* function = nullptr;
};

/// Operands of one floating type, f32 or f64, unless stated otherwise; unused ones are undefined.
/// If the others are f32, q, k and v may be bf16, as are the result and their gradients then.
/// Axes in parentheses may have size 1 and then broadcast. Distances beyond the ends of a table of
/// N are clamped; the middle entry is distance 0.
struct AttentionTensors {
  Tensor q;             ///< [B, H, T, D]
  Tensor k;             ///< [B, H / G, S, D]
  Tensor v;             ///< [B, H / G, S, E]
  Tensor bias;          ///< [(B), (H), (T), (S)]
  Tensor distance;      ///< [(H), N]
  Tensor relative;      ///< r [B, H, T, D]; q when undefined
  Tensor keys;          ///< a [(H), N, D]
  Tensor values;        ///< b [(H), N, E]
  Tensor sinks;         ///< [H]
  Tensor mask;          ///< bool [(B), (H), (T), (S)]: true where the key is visible
  Tensor lengths;       ///< i64 [B]: keys at positions >= length are masked
  Tensor query_starts;  ///< i64 [n + 1], with B = 1: sequence i has queries [i] to [i + 1]
  Tensor key_starts;    ///< i64 [n + 1]
};

struct AttentionResult {
  Tensor out;  ///< [B, H, T, E], laid out in memory as [B, T, H, E]
  Tensor lse;  ///< f32 or f64 [B, H, T]: log-sum-exp of the scores
};

AttentionResult attention(const AttentionSpec& spec, const AttentionTensors& in);

/// Which gradients to compute of the operands that are shared by heads and sequences.
struct SharedWanted {
  bool bias, distance, keys, values, sinks;
};

/// Gradients of all defined operands, given `dout`; of shared operands only those in `wanted`.
struct AttentionGradients {
  Tensor q, k, v, bias, distance, relative, keys, values, sinks;
};
AttentionGradients attention_backward(const AttentionSpec& spec, const AttentionTensors& in,
                                      const AttentionResult& result, const Tensor& dout,
                                      const SharedWanted& wanted);

/// Attention weights of the given heads and queries, before dropout: [B, heads, rows, S].
Tensor attention_weights(const AttentionSpec& spec, const AttentionTensors& in, const Tensor& lse,
                         const std::vector<int64_t>& heads, const std::vector<int64_t>& rows);

/// The factors by which dropout scales the weights (0 or 1 / (1 - p)): [B, H, T, S].
Tensor attention_dropout(const AttentionSpec& spec, const Shape& shape, DType dtype);

}  // namespace tapehead::core
