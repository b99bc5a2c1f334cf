// Attention of one query to a sequence, as in recurrent encoder-decoders: the mean of the positions
// of a memory, weighted by the softmax of their scores with the query.
//
// B batch, S positions of the memory, M channels of the memory, Q of the query, A of the
// attention's hidden layer.
#pragma once

#include <string_view>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// The score of query q and position m of the memory: Luong et al. 2015, "Effective Approaches to
/// Attention-based Neural Machine Translation"; Bahdanau et al. 2015, "Neural Machine Translation
/// by Jointly Learning to Align and Translate".
enum class Score {
  none,        ///< no attention: the context is the memory's last position
  dot,         ///< q · m (Luong); Q = M
  scaled_dot,  ///< q · m / sqrt(M) (Vaswani et al. 2017); Q = M
  general,     ///< q · W m (Luong)
  concat,      ///< v · tanh(W [q; m]) (Luong)
  additive,    ///< v · tanh(W q + U m + b) (Bahdanau)
  location,    ///< element s of W q, independent of the memory (Luong)
  local_m,     ///< general, limited to a window around the query's time step (Luong, local-m)
  local_p,     ///< general, times a Gaussian around a predicted position (Luong, local-p)
};

/// "additive" to Score::additive. Throws ValueError that lists the names.
Score score_from(std::string_view name);
const char* name(Score score);

struct SequenceAttentionOptions {
  Score score = Score::additive;  ///< how queries and memory are compared
  int64_t query_dim = 0;          ///< Q
  int64_t memory_dim = 0;         ///< M
  int64_t attention_dim = 0;      ///< A, of concat, additive and local_p; 0: query_dim
  int64_t positions = 128;        ///< location: maximum S
  int64_t window = 10;            ///< local_m, local_p: positions on each side, D of the paper
  /// additive: the sum of the weights of earlier steps is an input (See et al. 2017, eq. 11).
  bool coverage = false;
  /// additive: location-aware attention (Chorowski et al. 2015, "Attention-based models for speech
  /// recognition", eq. 8 and 9). The weights of the last step, convolved with conv_filters filters
  /// of conv_kernel_size positions (odd), are an input; 0: none. The paper has 10 of 201.
  int64_t conv_filters = 0, conv_kernel_size = 31;
  double sharpening = 1;   ///< factor of the scores before the softmax (ibid., sec. 2.3)
  bool smoothing = false;  ///< sigmoid(score) / sum of sigmoids instead of softmax (ibid.)
};

/// A memory and its projection, shared by all queries.
struct AttentionMemory {
  Tensor values;   ///< [B, S, M]
  Tensor keys;     ///< what the score compares with queries: the projected memory, or values
  Tensor lengths;  ///< i64 [B]; undefined: S
  Tensor mask;     ///< bool [B, S], true past a length; undefined without lengths
};

/// The results of a step.
struct SequenceAttentionOutput {
  Tensor context;  ///< [B, M]
  Tensor weights;  ///< [B, S], zero past a length; undefined for Score::none
};

/// Attention with a score above: weights = softmax over s of score(q, m_s), context = sum_s
/// weights_s m_s. The score of additive attention with coverage, the sum of earlier weights, and
/// with filters F of the last weights is
///
///   v · tanh(W q + U m_s + b + w covered_s + L f_s),   f = F * previous.
///
/// Parameters, as far as the score has them: `query.weight`, `memory.weight`, `v`, `bias`,
/// `position.weight`, `position.v`, `coverage` (w), `conv.weight` (F), `location.weight` (L).
/// Example: nn::SequenceAttention a(at, {.query_dim = 64, .memory_dim = 32}); a(randn({8, 64}),
///     a.prepare(randn({8, 20, 32}))).context  // shape [8, 32]
class SequenceAttention {
 public:
  /// Throws ValueError for sizes below 1, for Q != M with dot and scaled_dot, for coverage or
  /// conv_filters with another score than additive, for an even conv_kernel_size, for a window
  /// below 0, or below 1 with local_p, and for sharpening that is not positive.
  SequenceAttention(Scope at, const SequenceAttentionOptions& options);

  /// rows [B, S, M]; lengths i64 [B], each at least 1, or undefined. Padding past the lengths is
  /// not read. Throws ShapeError, and for location if S exceeds `positions`.
  AttentionMemory prepare(const Tensor& rows, const Tensor& lengths = {}) const;
  /// q [B, Q]; `step` is its position in the output, which local_m centres its window on; covered
  /// [B, S] is the sum of the weights of all earlier steps, for the option `coverage`; previous [B,
  /// S] are the weights of the last step, for the option `conv_filters`, undefined at the first
  /// step. Throws ShapeError.
  SequenceAttentionOutput operator()(const Tensor& q, const AttentionMemory& m, int64_t step = 0,
                                     const Tensor& covered = {}, const Tensor& previous = {}) const;
  /// The weights of operator() alone, [B, S]. Throws ValueError for Score::none, and ShapeError.
  Tensor weights(const Tensor& q, const AttentionMemory& m, int64_t step = 0,
                 const Tensor& covered = {}, const Tensor& previous = {}) const;

  /// Linear without a bias at first; empty if the score has none.
  AnyLayer query;     ///< [B, Q] to [B, A]; of location [B, positions]
  AnyLayer memory;    ///< [B, S, M] to [B, S, A]; of general and local [B, S, Q]
  AnyLayer position;  ///< local_p: [B, Q] to [B, A]
  /// With conv_filters K: Conv1d at first, [B, 1, S] to [B, K, S], and Linear at first, [B, S, K]
  /// to [B, S, A].
  AnyLayer conv, location;
  /// v and bias of concat and additive, v of local_p's position, and the weight of coverage, [A];
  /// undefined if the score has none.
  Tensor v, bias, position_v, coverage;

 private:
  Tensor keys(const Tensor& values) const;
  Tensor additive(const Tensor& q, const AttentionMemory& m, const Tensor& covered,
                  const Tensor& previous) const;
  Tensor scores(const Tensor& q, const AttentionMemory& m, const Tensor& covered,
                const Tensor& previous) const;
  Tensor outside_window(const AttentionMemory& m, int64_t step) const;
  Tensor gaussian(const Tensor& q, const AttentionMemory& m) const;

  Scope at_;
  SequenceAttentionOptions options_;
};

/// The coverage loss, which penalizes repeated attention to a position: the mean over the batch of
/// sum_s min(weights, coverage) (See et al. 2017, eq. 12). Both are [B, S].
Tensor coverage_loss(const Tensor& weights, const Tensor& coverage);

/// The doubly stochastic regulariser, which asks that each position is attended to once in T steps:
/// the mean over the batch of sum_s (1 - sum_t weights[t, s])² (Xu et al. 2015, "Show, attend and
/// tell", eq. 14). weights [B, T, S]; lengths i64 [B] of the steps and of the memory, past which
/// nothing counts, or undefined. Throws ShapeError, and IndexError for a length outside 0..T or
/// 0..S.
/// Example: nn::doubly_stochastic_loss(full({1, 2, 4}, 0.25))  // 1.
Tensor doubly_stochastic_loss(const Tensor& weights, const Tensor& lengths = {},
                              const Tensor& memory_lengths = {});

/// The guided attention loss, which asks that attention goes through the memory about as steadily
/// as through the steps: the mean over all steps of
///
///   sum_s weights[t, s] (1 - exp(-(t / lengths - s / memory_lengths)² / (2 width²)))
///
/// (Tachibana et al. 2018, "Efficiently trainable text-to-speech system based on deep convolutional
/// networks with guided attention", sec. 4.1, whose mean is over the positions as well). weights
/// [B, T, S]; lengths i64 [B] of the steps and of the memory, past which nothing counts, or
/// undefined. Throws ShapeError, ValueError for a width that is not above 0, and IndexError for a
/// length outside 0..T or 0..S.
/// Example: nn::guided_attention_loss(eye(4).unsqueeze(0))  // 0.
Tensor guided_attention_loss(const Tensor& weights, const Tensor& lengths = {},
                             const Tensor& memory_lengths = {}, double width = 0.2);

}  // namespace tapehead::nn
