// Linear layers and embeddings.
#pragma once

#include <optional>

#include "tapehead/nn/params.h"

namespace tapehead::nn {

struct LinearOptions {
  bool bias = true;
  Init init = init::fan_in_uniform();  ///< of the weight
  Init bias_init = {};                 ///< empty: uniform in ± 1 / sqrt(in)
};

/// y = x Wᵀ + b. Maps x [..., in] to [..., out].
/// Example: nn::Linear(at, 64, 10)(randn({8, 20, 64}))  // shape [8, 20, 10]
class Linear {
 public:
  Linear(Scope at, int64_t in, int64_t out, const LinearOptions& options = {});
  /// To be placed by a container (containers.h), as all constructors of layers without a scope.
  Linear(int64_t in, int64_t out, const LinearOptions& options = {})
      : Linear(Scope(), in, out, options) {}
  /// Throws ShapeError if the last axis of x is not `in`.
  Tensor operator()(const Tensor& x) const;

  Tensor weight;  ///< [out, in]
  Tensor bias;    ///< [out], or undefined
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
};

struct EmbeddingOptions {
  /// Index of a row that is zero and gets no gradient; -1 is the last row.
  std::optional<int64_t> padding_idx = {};
  /// If set, each call scales the rows that it reads and whose norm is larger down to this norm, in
  /// place.
  std::optional<double> max_norm = {};
  double norm_type = 2;             ///< of max_norm
  bool scale_grad_by_freq = false;  ///< divide the gradient of a row by the number of its ids
  Init init = init::normal();
};

/// Looks up rows of the weight: maps ids i64 [...] to [..., embed_dim].
/// Example: nn::Embedding(at, 1000, 64, {.padding_idx = 0})(randint(1000, {8, 20}))
///     // shape [8, 20, 64]
class Embedding {
 public:
  /// Throws IndexError for a padding_idx outside -count..count-1.
  Embedding(Scope at, int64_t count, int64_t embed_dim, const EmbeddingOptions& options = {});
  Embedding(int64_t count, int64_t embed_dim, const EmbeddingOptions& options = {})
      : Embedding(Scope(), count, embed_dim, options) {}
  /// With the given rows [count, embed_dim], which are not trained if `freeze`.
  static Embedding from_pretrained(Scope at, const Tensor& rows, bool freeze = true,
                                   EmbeddingOptions options = {});
  /// Throws IndexError, with the position, for an id outside 0..count-1.
  Tensor operator()(const Tensor& ids) const;

  Tensor weight;  ///< [count, embed_dim]
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  EmbeddingOptions options_;
};

}  // namespace tapehead::nn
