// Scaled dot-product attention in tiles, without gradient tracking.
//
// B batch, H heads, G query heads to a head of keys and values, T queries, S keys, D width, E width
// of the values, N distances.
#pragma once

#include <memory>

#include "tapehead/core/random.h"

namespace tapehead::core {

inline constexpr int64_t kUnlimited = INT64_MAX / 4;

/// A part of the scores: keys column.. for the queries row.. in one head of one sequence.
struct ScoreTile {
  int64_t batch, head, row, rows, column, columns;
};

/// A function of the scores, applied after all others and before masks hide any.
class ScoreFunction {
 public:
  virtual ~ScoreFunction() = default;
  /// Changes the scores [rows, columns] of a tile in place.
  virtual void forward(const ScoreTile& tile, const Tensor& scores) = 0;
  /// From the scores before, turns the gradient of the scores after into that of those before.
  virtual void backward(const ScoreTile& tile, const Tensor& before, const Tensor& gradient) = 0;
};

/// Which tiled attention is computed:
///
///   score(i, j) = cap(scale (q_i k_j + r_i a_{j-i})) + bias_ij + distance_{j-i}
///   out_i = sum_j w_ij (v_j + b_{j-i}),  w_i = dropout(softmax(score_i, sink))
///
/// cap(x) = c tanh(x / c). A query whose keys are all hidden has the result 0.
struct AttentionSpec {
  double scale = 1;
  double softcap = 0;          ///< 0: none
  int64_t left = kUnlimited;   ///< how far before its own position a query sees keys
  int64_t right = kUnlimited;  ///< how far after
  int64_t start = 0;           ///< the position of the first query among the keys
  double dropout = 0;
  Generator generator;  ///< of the dropout; its next draw
  ScoreFunction* function = nullptr;
};

/// Of one type, f32 or f64, where not said otherwise; undefined where there is none. In a size
/// that is said in brackets, 1 stands for all. Distances beyond the ends of a table count as its
/// ends; its middle is distance 0.
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
  Tensor mask;          ///< bool [(B), (H), (T), (S)]: true where a key may be seen
  Tensor lengths;       ///< i64 [B]: later keys are hidden
  Tensor query_starts;  ///< i64 [n + 1]: B is 1 and the sequence i has queries from [i] to [i + 1]
  Tensor key_starts;    ///< i64 [n + 1]
};

struct AttentionResult {
  Tensor out;  ///< [B, H, T, E], in the memory of a [B, T, H, E]
  Tensor lse;  ///< [B, H, T]: the logarithm of the softmax's denominator
};

AttentionResult attention(const AttentionSpec& spec, const AttentionTensors& in);

/// Which of the gradients that heads and sequences add to together are wanted.
struct SharedWanted {
  bool bias, distance, keys, values, sinks;
};

/// The gradients, from that of the result, of all tensors that there are and, where they are
/// shared, wanted.
struct AttentionGradients {
  Tensor q, k, v, bias, distance, relative, keys, values, sinks;
};
AttentionGradients attention_backward(const AttentionSpec& spec, const AttentionTensors& in,
                                      const AttentionResult& result, const Tensor& dout,
                                      const SharedWanted& wanted);

/// The softmax's weights of some heads and queries, [B, heads, rows, S], before dropout.
Tensor attention_weights(const AttentionSpec& spec, const AttentionTensors& in, const Tensor& lse,
                         const std::vector<int64_t>& heads, const std::vector<int64_t>& rows);

/// What dropout multiplies the weights by, [B, H, T, S].
Tensor attention_dropout(const AttentionSpec& spec, const Shape& shape, DType dtype);

}  // namespace tapehead::core
