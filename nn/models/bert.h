// BERT: Devlin et al. 2019.
//
// B batch, T tokens, C embedding, V vocabulary.
#pragma once

#include <optional>
#include <string>

#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct BertConfig {
  int64_t vocab_size = 0;
  int64_t context = 512;    ///< the longest sequence
  int64_t token_types = 2;  ///< of sentences: the first and the second of a pair
  /// BERT's where it is left open: embed_dim 768, num_heads 12, num_layers 12, dropout 0.1, gelu,
  /// norms after each part with eps 1e-12, packed projections, weights truncated_normal(0.02).
  TransformerOptions transformer = {};
  bool pooler = true;
  std::string model_type = {};  ///< as GptConfig::model_type
};

/// The config with every open field filled in.
BertConfig completed(BertConfig config);

/// Inputs besides the tokens.
struct BertInput {
  Tensor token_types = {};          ///< i64 [B, T]; undefined: all of type 0
  AttentionOptions attention = {};  ///< names padding, by lengths or a mask [B, 1, 1, T]
};

/// Embeddings of token, position and type, summed and normalized; then layers in which each token
/// sees all. Heads for its tasks stand below. Parameters: `token`, `token_type`, `position`,
/// `embedding_norm`, `layers.0` … (EncoderLayer), `pooler`.
class Bert {
 public:
  Bert(Scope at, const BertConfig& config);

  /// i64 [B, T] to [B, T, C]. Throws ValueError for a sequence longer than the context.
  Tensor operator()(const Tensor& ids, const BertInput& input = {}) const;
  /// The same with the attention weights that input.attention.weights_of asks for.
  EncoderOutput encode(const Tensor& ids, const BertInput& input) const;
  /// The first position of the output through a layer with tanh, [B, C]. Throws ValueError without
  /// a pooler.
  Tensor pooled(const Tensor& encoded) const;

  /// The config with every field filled in.
  const BertConfig& config() const { return config_; }
  /// Where its parameters are.
  const Scope& scope() const { return at_; }

  Embedding token, token_type;
  LearnedPositions position;
  AnyLayer embedding_norm;
  TransformerEncoder encoder;
  AnyLayer pooler;  ///< empty without one

 private:
  Bert(Scope at, const BertConfig& config, std::nullptr_t);

  Scope at_;
  BertConfig config_;
  Dropout dropout_;
};

/// Predicts masked tokens: a layer with an activation and a norm, then the token embeddings and a
/// bias. Parameters: `transform`, `norm`, `bias`, `decoder`.
class MaskedLmHead {
 public:
  /// With `tied` false the last layer has a weight of its own.
  MaskedLmHead(Scope at, const Bert& bert, bool tied = true);

  /// The model's output [..., C] to logits [..., V].
  Tensor operator()(const Tensor& encoded) const;
  /// The mean cross entropy of targets i64 [B, T]; those of -100 are ignored, and nothing is
  /// computed for them. Throws ValueError where all are.
  Tensor loss(const Tensor& encoded, const Tensor& targets) const;
  /// Where its parameters are.
  const Scope& scope() const { return at_; }

  AnyLayer transform, norm;
  Tensor decoder, bias;  ///< [V, C], the embedding's weight where it is tied, and [V]

 private:
  Scope at_;
  Activation activation_;
};

/// Classifies sequences by the pooler's output. Parameters: `weight`, `bias`.
class SequenceClassifier {
 public:
  SequenceClassifier(Scope at, const Bert& bert, int64_t num_classes);

  /// The pooler's output [B, C] to logits [B, num_classes].
  Tensor operator()(const Tensor& pooled) const;
  /// Where its parameters are.
  const Scope& scope() const { return at_; }

  AnyLayer head;

 private:
  Scope at_;
  Dropout dropout_;
};

}  // namespace tapehead::nn
