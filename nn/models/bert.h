// BERT: Devlin et al. 2019.
//
// B batch, T tokens, C width, V vocabulary.
#pragma once

#include <optional>

#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct BertConfig {
  int64_t vocab = 0;
  int64_t context = 512;    ///< the longest sequence
  int64_t token_types = 2;  ///< of sentences: the first and the second of a pair
  int64_t width = 768, heads = 12, layers = 12;
  int64_t hidden = 0;  ///< of the feed-forward parts; 0: 4 width
  double dropout = 0.1;
  double eps = 1e-12;
  Activation act = [](const Tensor& x) { return gelu(x); };
  bool pooler = true;
  Init init = init::truncated_normal(0.02);
};

/// What BERT reads besides the tokens.
struct BertInput {
  Tensor token_types = {};  ///< i64 [B, T]; undefined: all of type 0
  /// Padding is named by `lengths`, or by a `mask` [B, 1, 1, T].
  AttentionOptions seen = {};
};

/// Embeddings of token, position and type, summed and normalised; then post-norm layers in which
/// each token sees all. Heads for its tasks are apart, below, and read what it makes.
class Bert {
 public:
  Bert(Scope at, const BertConfig& config);

  /// i64 [B, T] to [B, T, C]. Throws ValueError for a sequence longer than the context.
  Tensor operator()(const Tensor& ids, const BertInput& input = {}) const;
  /// The same with the weights that input.seen.weights_of asks for.
  Encoded encode(const Tensor& ids, const BertInput& input) const;
  /// The first position through a layer with tanh, [B, C]. Throws ValueError without a pooler.
  Tensor pooled(const Tensor& encoded) const;

  const BertConfig& config() const { return config_; }
  /// Where its parameters are.
  const Scope& scope() const { return at_; }
  const Embedding& token() const { return token_; }

 private:
  Scope at_;
  BertConfig config_;
  Embedding token_, token_type_;
  LearnedPositions position_;
  LayerNorm embedding_norm_;
  Dropout dropout_;
  TransformerEncoder encoder_;
  std::optional<Linear> pooler_;
};

/// Guesses tokens: a layer with an activation and a norm, then the tokens' own embeddings and a
/// bias.
class MaskedLmHead {
 public:
  /// With `tied` false the last layer has a matrix of its own.
  MaskedLmHead(Scope at, const Bert& bert, bool tied = true);

  /// What Bert makes, [..., C], to logits [..., V].
  Tensor operator()(const Tensor& encoded) const;
  /// The mean cross entropy of targets i64 [B, T]; those of -100 do not count, and nothing is
  /// computed for them. Throws ValueError where none counts.
  Tensor loss(const Tensor& encoded, const Tensor& targets) const;
  /// Where its parameters are.
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  Activation act_;
  Linear transform_;
  LayerNorm norm_;
  Tensor decoder_, bias_;  // [V, C], [V]
};

/// Classifies sequences by what the pooler makes of them.
class SequenceClassifier {
 public:
  SequenceClassifier(Scope at, const Bert& bert, int64_t classes);

  /// The pooler's result [B, C] to logits [B, classes].
  Tensor operator()(const Tensor& pooled) const;
  /// Where its parameters are.
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  Dropout dropout_;
  Linear head_;
};

}  // namespace tapehead::nn
