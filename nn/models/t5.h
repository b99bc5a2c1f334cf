// T5: Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
// Transformer".
//
// B batch, S source tokens, T target tokens, C embedding, V vocabulary.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tapehead/nn/beam_search.h"
#include "tapehead/nn/relative_buckets.h"
#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

/// The first version by default. Version 1.1 has a gate with gelu_tanh, is not tied and does not
/// scale its logits.
struct T5Config {
  int64_t vocab_size = 0;
  /// T5's where it is left open: embed_dim 512, num_heads 8, head_dim 64, ffn_dim 2048, num_layers
  /// 6 (of the encoder), dropout 0.1, relu, RMSNorm, no biases, scores that are not scaled.
  TransformerOptions transformer = {};
  int64_t num_decoder_layers = 0;                ///< 0: num_layers
  int64_t num_buckets = 32, max_distance = 128;  ///< of relative positions
  bool tied = true;                              ///< the embedding is the head's weight
  bool scale_logits = true;                      ///< the input of the head is divided by sqrt(C)
  bool head = true;             ///< false: the output is the decoder's last hidden state, [B, T, C]
  int64_t pad = 0, eos = 1;     ///< a target begins with pad
  std::string model_type = {};  ///< as GptConfig::model_type
};

/// The config with every open field filled in.
T5Config completed(T5Config config);

/// An encoder and a decoder with one embedding, and relative positions that the layers of each
/// share. Parameters: `token`, `encoder` and `decoder` (TransformerEncoder, TransformerDecoder and
/// `relative`), `head`.
class T5 {
 public:
  T5(Scope at, const T5Config& config);

  /// i64 source [B, S] and target [B, T], which begins with pad, to logits [B, T, V] of the tokens
  /// that follow. The options name padding, by lengths or a mask [B, 1, 1, S].
  Tensor operator()(const Tensor& source, const Tensor& target,
                    const AttentionOptions& source_options = {},
                    const AttentionOptions& target_options = {}) const;
  /// The mean cross entropy of labels i64 [B, T], moved one place to the right to be the target;
  /// those of -100 are ignored. Throws ValueError for a model without a head.
  Tensor loss(const Tensor& source, const Tensor& labels,
              const AttentionOptions& source_options = {}) const;
  /// i64 [B, S] to the memory [B, S, C].
  Tensor encode(const Tensor& source, const AttentionOptions& options = {}) const;
  /// The best target for each source, whose i64 `lengths` [B] may be undefined. bos and eos of
  /// `options` are replaced by the model's.
  std::vector<Hypothesis> generate(const Tensor& source, const Tensor& lengths,
                                   BeamOptions options = {}) const;

  /// The config with every field filled in.
  const T5Config& config() const { return config_; }
  /// Where its parameters are.
  const Scope& scope() const { return at_; }

  Embedding token;
  RelativeBuckets encoder_relative, decoder_relative;
  TransformerEncoder encoder;
  TransformerDecoder decoder;
  AnyLayer head;  ///< empty where the embedding stands for it, or there is none

 private:
  T5(Scope at, const T5Config& config, std::nullptr_t);
  Tensor embed(const Tensor& ids) const;
  Tensor logits(const Tensor& x) const;

  Scope at_;
  T5Config config_;
  Dropout dropout_;
};

}  // namespace tapehead::nn
