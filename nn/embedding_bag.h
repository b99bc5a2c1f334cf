// Sums of embeddings.
//
// N rows, C columns, B bags.
#pragma once

#include <optional>

#include "tapehead/autograd/ops/index.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct EmbeddingBagOptions {
  EmbeddingBagMode mode = EmbeddingBagMode::mean;  ///< how the rows of a bag are combined
  std::optional<int64_t> padding_idx = {};  ///< a row that is zero and skipped; -1 is the last
  /// If set, each call scales the rows that it reads and whose norm is larger down to this norm, in
  /// place.
  std::optional<double> max_norm = {};
  double norm_type = 2;              ///< of max_norm
  bool scale_grad_by_freq = false;   ///< divide the gradient of a row by the number of its ids
  bool include_last_offset = false;  ///< offsets are [B + 1]; the last is where the last bag ends
  Init init = init::normal();
};

/// Sums, means or maxima of rows of the weight; see embedding_bag(). Parameter: `weight`.
/// Example: nn::EmbeddingBag(at, 1000, 64)(randint(1000, {8, 20}))  // shape [8, 64]
class EmbeddingBag {
 public:
  /// Throws IndexError for a padding_idx outside -count..count-1.
  EmbeddingBag(Scope at, int64_t count, int64_t embed_dim, const EmbeddingBagOptions& options = {});
  EmbeddingBag(int64_t count, int64_t embed_dim, const EmbeddingBagOptions& options = {})
      : EmbeddingBag(Scope(), count, embed_dim, options) {}
  /// With the given rows [N, C], which are not trained if `freeze`.
  static EmbeddingBag from_pretrained(Scope at, const Tensor& rows, bool freeze = true,
                                      EmbeddingBagOptions options = {});
  /// Maps ids i64 [B, n], or [n] with the offsets i64 [B] of the bags, to [B, C]. Throws as
  /// embedding_bag().
  Tensor operator()(const Tensor& ids, const Tensor& offsets = {},
                    const Tensor& per_sample_weights = {}) const;
  const Scope& scope() const { return at_; }

  Tensor weight;  ///< [N, C]

 private:
  Scope at_;
  EmbeddingBagOptions options_;
};

}  // namespace tapehead::nn
