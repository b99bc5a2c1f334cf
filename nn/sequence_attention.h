// Attention of one query over a sequence, as in recurrent encoder-decoders: the sum of the
// positions of a memory, weighted by how well they fit the query.
//
// B batch, S positions of the memory, M its size, Q size of the query, A of the attention's hidden
// layer.
#pragma once

#include <string_view>

#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// The score of query q and position m of the memory. Luong et al. 2015 is "Effective Approaches to
/// Attention-based Neural Machine Translation", Bahdanau et al. 2015 "… by Jointly Learning to
/// Align and Translate".
enum class Score {
  none,        ///< no attention: the context is the memory's last position
  dot,         ///< q · m (Luong); Q = M
  scaled_dot,  ///< q · m / sqrt(M) (Vaswani et al. 2017); Q = M
  general,     ///< q · W m (Luong)
  concat,      ///< v · tanh(W [q; m]) (Luong)
  additive,    ///< v · tanh(W q + U m + b) (Bahdanau)
  location,    ///< the s-th row of W q, whatever the memory holds (Luong)
  local_m,     ///< general, within `window` of the query's own time step (Luong, local-m)
  local_p,     ///< general, times a Gaussian around a predicted position (Luong, local-p)
};

/// "additive" to Score::additive. Throws ValueError that lists the names.
Score score_from(std::string_view name);
const char* name(Score score);

struct SequenceAttentionOptions {
  Score score = Score::additive;
  int64_t query_dim = 0;      ///< Q
  int64_t memory_dim = 0;     ///< M
  int64_t attention_dim = 0;  ///< A, of concat and additive; 0: as the query
  int64_t positions = 128;    ///< the longest memory of location
  int64_t window = 10;        ///< D of local attention, on each side
  bool coverage =
      false;  ///< additive only: the sum of earlier weights is an input (See et al. 2017)
};

/// A memory and its projections, for all queries.
struct AttentionMemory {
  Tensor values;   ///< [B, S, M]
  Tensor keys;     ///< the memory as the score compares it with queries
  Tensor lengths;  ///< i64 [B], or undefined when all positions are real
  Tensor mask;     ///< bool [B, S], true past a length; undefined without lengths
};

struct SequenceAttentionOutput {
  Tensor context;  ///< [B, M]
  Tensor weights;  ///< [B, S], zero past a length; undefined for Score::none
};

class SequenceAttention {
 public:
  /// Throws ValueError for sizes that the score cannot compare.
  SequenceAttention(Scope at, const SequenceAttentionOptions& options);

  /// memory [B, S, M]; lengths i64 [B], each at least 1, or undefined. What lies past them is not
  /// read.
  AttentionMemory prepare(const Tensor& memory, const Tensor& lengths = {}) const;
  /// query [B, Q]; `step` is its position in the output (local_m looks around it); coverage [B, S]
  /// is the sum of the weights of all steps before, when the option is set.
  SequenceAttentionOutput operator()(const Tensor& query, const AttentionMemory& memory,
                                     int64_t step = 0, const Tensor& coverage = {}) const;

 private:
  Tensor scores(const Tensor& query, const AttentionMemory& memory, const Tensor& coverage) const;
  Tensor outside_window(const AttentionMemory& memory, int64_t step) const;
  Tensor gaussian(const Tensor& query, const AttentionMemory& memory) const;

  Scope at_;
  SequenceAttentionOptions options_;
  Tensor w_query_, w_memory_, bias_, v_;  // which of them exist follows from the score
  Tensor w_position_, v_position_;        // local_p: v · tanh(W q) says where to look
  Tensor w_coverage_;                     // [A]
};

/// The loss that keeps attention from looking twice: the mean over the batch of the sum of
/// min(weights, coverage), See et al. 2017, eq. 12. Both [B, S].
Tensor coverage_loss(const Tensor& weights, const Tensor& coverage);

}  // namespace tapehead::nn
