// T5: Raffel et al. 2020, "Exploring the Limits of Transfer Learning with a Unified Text-to-Text
// Transformer".
//
// B batch, S source tokens, T target tokens, C width, V vocabulary.
#pragma once

#include <optional>
#include <vector>

#include "tapehead/nn/beam_search.h"
#include "tapehead/nn/relative_buckets.h"
#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

/// The first version by default. Version 1.1 has a gate with gelu_tanh, is not tied and does not
/// scale its logits.
struct T5Config {
  int64_t vocab = 0;
  int64_t width = 512, heads = 8, hidden = 2048;
  int64_t head_width = 64;
  int64_t layers = 6;                        ///< of the encoder
  int64_t decoder_layers = 0;                ///< 0: layers
  int64_t buckets = 32, max_distance = 128;  ///< of relative positions
  double dropout = 0.1;
  double eps = 1e-6;
  Activation act = [](const Tensor& x) { return relu(x); };
  bool gated = false;
  bool tied = true;          ///< the embedding gives the logits, too
  bool scale_logits = true;  ///< what gives the logits is divided by sqrt(C) first
  bool head = true;          ///< false: the result is the decoder's last hidden state, [B, T, C]
  int64_t pad = 0, eos = 1;  ///< a target begins with pad
};

/// An encoder and a decoder with one embedding, relative positions that the layers of each share,
/// RMSNorm before each part, and no biases. Scores are not scaled; queries start small instead.
class T5 {
 public:
  T5(Scope at, const T5Config& config);

  /// i64 source [B, S] and target [B, T], which begins with pad, to logits [B, T, V] of the tokens
  /// that follow. `seen` names padding of the source, `target_seen` of the target, by lengths or a
  /// mask [B, 1, 1, S].
  Tensor operator()(const Tensor& source, const Tensor& target, const AttentionOptions& seen = {},
                    const AttentionOptions& target_seen = {}) const;
  /// The mean cross entropy of labels i64 [B, T], moved one place to the right to be the target;
  /// those of -100 do not count. Throws ValueError for a model without a head.
  Tensor loss(const Tensor& source, const Tensor& labels, const AttentionOptions& seen = {}) const;
  /// i64 [B, S] to the memory [B, S, C].
  Tensor encode(const Tensor& source, const AttentionOptions& seen = {}) const;
  /// The best target for each source, whose i64 `lengths` [B] may be undefined. What `options` say
  /// of bos and eos does not count: they are the model's.
  std::vector<Hypothesis> generate(const Tensor& source, const Tensor& lengths,
                                   BeamOptions options = {}) const;

  const T5Config& config() const { return config_; }
  /// Where its parameters are.
  const Scope& scope() const { return at_; }

 private:
  Tensor embed(const Tensor& ids) const;
  Tensor logits(const Tensor& x) const;

  Scope at_;
  T5Config config_;
  Embedding token_;
  Dropout dropout_;
  RelativeBuckets encoder_relative_, decoder_relative_;
  TransformerEncoder encoder_;
  TransformerDecoder decoder_;
  std::optional<Linear> head_;
};

}  // namespace tapehead::nn
