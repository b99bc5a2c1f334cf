// BERT: Devlin et al. 2019.
//
// B batch, T tokens, C embedding, V vocabulary.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct BertConfig {
  int64_t vocab_size = 0;
  int64_t context = 512;    ///< maximum number of tokens
  int64_t token_types = 2;  ///< number of segment ids
  /// Defaults, as in BERT-Base: embed_dim 768, num_heads 12, num_layers 12, dropout 0.1, gelu,
  /// norm_first false, norm.eps 1e-12, packed_qkv, weights truncated_normal(0.02).
  TransformerOptions transformer = {};
  bool pooler = true;           ///< whether the model has a pooler
  std::string model_type = {};  ///< as GptConfig::model_type
};

/// Fills in the defaults of all fields that are not set.
BertConfig completed(BertConfig config);

/// Inputs besides the token ids.
struct BertInput {
  Tensor token_types = {};          ///< segment ids, i64 [B, T]; undefined: 0
  AttentionOptions attention = {};  ///< specify padding, by lengths or a mask [B, 1, 1, T]
};

/// A bidirectional Transformer encoder over the normalized sum of token, segment and position
/// embeddings. Its heads are separate: MaskedLmHead, SequenceClassifier. Parameters:
/// `token.weight`, `token_type.weight`, `position.weight`, `embedding_norm`, `layers.0` …
/// (EncoderLayer, or those of make_layer), `pooler`.
/// Example: nn::Bert(at, {.vocab_size = 20, .context = 16, .transformer = {.embed_dim = 8,
///     .num_heads = 2, .num_layers = 1}})(tensor({{4, 5, 6}, {7, 8, 9}}))  // shape [2, 3, 8]
class Bert {
 public:
  Bert(Scope at, const BertConfig& config);

  /// ids i64 [B, T] to [B, T, C]. Throws ShapeError, and ValueError for more tokens than the
  /// context.
  Tensor operator()(const Tensor& ids, const BertInput& input = {}) const;
  /// The same with the attention weights that input.attention.weights_of requests.
  EncoderOutput encode(const Tensor& ids, const BertInput& input) const;
  /// tanh(pooler(x)) of the first position x of the output [B, T, C]: [B, C]. Throws ValueError
  /// without a pooler.
  Tensor pooled(const Tensor& encoded) const;

  /// The config with all defaults filled in.
  const BertConfig& config() const { return config_; }
  /// The scope of its parameters.
  const Scope& scope() const { return at_; }

  Embedding token, token_type;
  LearnedPositions position;
  AnyLayer embedding_norm;  ///< [B, T, C] to [B, T, C]
  TransformerEncoder encoder;
  AnyLayer pooler;   ///< Linear at first, [B, C] to [B, C]; empty without one
  AnyLayer dropout;  ///< of the embeddings

 private:
  Bert(Scope at, const BertConfig& config, std::nullptr_t);

  Scope at_;
  BertConfig config_;
};

/// The masked language model head: logits = E norm(activation(transform(x))) + bias, where E is the
/// weight of the token embedding. Parameters: `transform`, `norm`, `bias`; `decoder.weight` if not
/// tied.
/// Example: const nn::Bert bert(at / "bert", {.vocab_size = 20, .context = 16, .transformer =
///     {.embed_dim = 8, .num_heads = 2, .num_layers = 1}}); nn::MaskedLmHead(at / "head",
///     bert)(bert(tensor({{4, 5, 6}, {7, 8, 9}})))  // shape [2, 3, 20]
class MaskedLmHead {
 public:
  /// If `tied` is false, E is a separate parameter.
  MaskedLmHead(Scope at, const Bert& bert, bool tied = true);

  /// Output of Bert [..., C] to logits [..., V].
  Tensor operator()(const Tensor& encoded) const;
  /// Mean cross entropy of targets i64 [B, T]; targets of -100 are ignored, and their logits are
  /// not computed. Throws ValueError if all are -100.
  Tensor loss(const Tensor& encoded, const Tensor& targets) const;
  /// The scope of its parameters.
  const Scope& scope() const { return at_; }

  AnyLayer transform, norm;  ///< Linear and LayerNorm at first, [..., C] to [..., C]
  Tensor decoder, bias;      ///< E [V, C] and bias [V]

 private:
  Scope at_;
  Activation activation_;
};

/// A linear classifier of the pooler's output. Parameters: `weight`, `bias`.
/// Example: const nn::Bert bert(at / "bert", {.vocab_size = 20, .context = 16, .transformer =
///     {.embed_dim = 8, .num_heads = 2, .num_layers = 1}}); nn::SequenceClassifier(at / "head",
///     bert, 3)(bert.pooled(bert(tensor({{4, 5, 6}, {7, 8, 9}}))))  // shape [2, 3]
class SequenceClassifier {
 public:
  SequenceClassifier(Scope at, const Bert& bert, int64_t num_classes);

  /// Bert::pooled() [B, C] to logits [B, num_classes].
  Tensor operator()(const Tensor& pooled) const;
  /// The scope of its parameters.
  const Scope& scope() const { return at_; }

  AnyLayer head;     ///< Linear at first, [B, C] to [B, num_classes]
  AnyLayer dropout;  ///< of the input

 private:
  Scope at_;
};

}  // namespace tapehead::nn
