// T5: Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
// Transformer".
//
// B batch, S source tokens, T target tokens, C embedding, V vocabulary.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tapehead/nn/beam_search.h"
#include "tapehead/nn/relative_buckets.h"
#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

/// By default T5 1.0. T5 1.1 has ffn.gated with gelu_tanh, tied = false and scale_logits = false.
struct T5Config {
  int64_t vocab_size = 0;
  /// Defaults, as in T5-Small: embed_dim 512, num_heads 8, attention.head_dim 64, ffn_dim 2048,
  /// num_layers 6 (of the encoder), dropout 0.1, relu, rms_norm, no biases, attention.scale 1.
  TransformerOptions transformer = {};
  int64_t num_decoder_layers = 0;                ///< 0: num_layers
  int64_t num_buckets = 32, max_distance = 128;  ///< RelativeBuckets
  bool tied = true;                              ///< the head's weight is that of the embedding
  bool scale_logits = true;                      ///< the input of the head is divided by sqrt(C)
  bool head = true;             ///< false: the output is the decoder's last hidden state, [B, T, C]
  int64_t pad = 0, eos = 1;     ///< ids; a target begins with pad
  std::string model_type = {};  ///< as GptConfig::model_type
};

/// Fills in the defaults of all fields that are not set.
T5Config completed(T5Config config);

/// A Transformer encoder and decoder with one token embedding. Positions enter as biases of the
/// attention scores by relative distance, shared by all layers of the encoder, and of the decoder.
/// Parameters: `token.weight`, `encoder` (TransformerEncoder), `encoder.relative`, `decoder`
/// (TransformerDecoder), `decoder.relative`, `head.weight`.
/// Example: nn::T5(at, {.vocab_size = 20, .transformer = {.embed_dim = 8, .num_heads = 2,
///     .num_layers = 1}})(tensor({{4, 5, 6}, {7, 8, 9}}), tensor({{0, 3}, {0, 2}}))
///     // shape [2, 2, 20]
class T5 {
 public:
  T5(Scope at, const T5Config& config);

  /// source i64 [B, S] and target i64 [B, T], which begins with pad, to logits [B, T, V] of the
  /// token after each target token. The options specify padding, by lengths or by a mask [B, 1, 1,
  /// S] and [B, 1, 1, T]. Throws ShapeError.
  Tensor operator()(const Tensor& source, const Tensor& target,
                    const AttentionOptions& source_options = {},
                    const AttentionOptions& target_options = {}) const;
  /// Mean cross entropy of labels i64 [B, T]; the target is pad and the labels without their last
  /// column. Labels of -100 are ignored. Throws ValueError for a model without a head.
  Tensor loss(const Tensor& source, const Tensor& labels,
              const AttentionOptions& source_options = {}) const;
  /// The encoder's output [B, S, C] for source i64 [B, S]. Throws ShapeError.
  Tensor encode(const Tensor& source, const AttentionOptions& options = {}) const;
  /// Beam search: the best target for each source i64 [B, S]; lengths i64 [B], or undefined. The
  /// bos and eos of `options` are ignored: they are pad and eos of the config. Throws ValueError
  /// for a model without a head.
  std::vector<Hypothesis> generate(const Tensor& source, const Tensor& lengths,
                                   BeamOptions options = {}) const;

  /// The config with all defaults filled in.
  const T5Config& config() const { return config_; }
  /// The scope of its parameters.
  const Scope& scope() const { return at_; }

  Embedding token;
  RelativeBuckets encoder_relative, decoder_relative;  ///< biases of the attention
  TransformerEncoder encoder;
  TransformerDecoder decoder;
  AnyLayer head;     ///< Linear at first, [..., C] to [..., V]; empty if tied, or without a head
  AnyLayer dropout;  ///< of the embeddings, and of the outputs of encoder and decoder

 private:
  T5(Scope at, const T5Config& config, std::nullptr_t);
  Tensor embed(const Tensor& ids) const;
  Tensor logits(const Tensor& x) const;

  Scope at_;
  T5Config config_;
};

}  // namespace tapehead::nn
