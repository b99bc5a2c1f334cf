// Attention over a sequence, as the literature before the Transformer has it: a query looks at
// every position of a memory, and gets back their weighted sum.
//
// B batch, S positions of the memory, M its width, Q the query's width, A the attention's own
// width.
#pragma once

#include <string_view>

#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// How well query q fits position m of the memory. Luong et al. 2015 is "Effective Approaches to
/// Attention-based Neural Machine Translation", Bahdanau et al. 2015 "… by Jointly Learning to
/// Align and Translate".
enum class Score {
  none,        ///< no attention: the context is the memory's last position
  dot,         ///< q · m (Luong); Q = M
  scaled_dot,  ///< q · m / sqrt(M) (Vaswani et al. 2017); Q = M
  general,     ///< q · W m (Luong)
  concat,      ///< v · tanh(W [q; m]) (Luong)
  additive,    ///< v · tanh(W q + U m + b) (Bahdanau)
  location,    ///< the s-th row of W q: the memory's content is not looked at (Luong)
  local_m,     ///< general, within `window` of the query's own time step (Luong, local-m)
  local_p,     ///< general, times a Gaussian around a predicted position (Luong, local-p)
};

/// "additive" to Score::additive. Throws ValueError that lists the names.
Score score_from(std::string_view name);
const char* name(Score score);

struct SequenceAttentionOptions {
  Score score = Score::additive;
  int64_t query = 0;        ///< Q
  int64_t memory = 0;       ///< M
  int64_t width = 0;        ///< A, of concat and additive; 0: as the query
  int64_t positions = 128;  ///< the longest memory that location can look at
  int64_t window = 10;      ///< D of local attention, on each side
  bool coverage =
      false;  ///< additive only: what was looked at before is an input (See et al. 2017)
};

/// A memory made ready to be looked at, once for all queries.
struct AttentionMemory {
  Tensor values;   ///< [B, S, M]
  Tensor keys;     ///< what the query is compared with
  Tensor lengths;  ///< i64 [B], or undefined when all positions are real
  Tensor mask;     ///< bool [B, S], true past a length; undefined without lengths
};

struct AttentionResult {
  Tensor context;  ///< [B, M]
  Tensor weights;  ///< [B, S], zero past a length; undefined for Score::none
};

class SequenceAttention {
 public:
  /// Throws ValueError for widths that the score cannot compare.
  SequenceAttention(Scope at, const SequenceAttentionOptions& options);

  /// memory [B, S, M]; lengths i64 [B], each at least 1, or undefined. What lies past them is not
  /// read.
  AttentionMemory prepare(const Tensor& memory, const Tensor& lengths = {}) const;
  /// query [B, Q]; `step` is its position in the output (local_m looks around it); coverage [B, S]
  /// is the sum of the weights of all steps before, when the option is set.
  AttentionResult operator()(const Tensor& query, const AttentionMemory& memory, int64_t step = 0,
                             const Tensor& coverage = {}) const;

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
