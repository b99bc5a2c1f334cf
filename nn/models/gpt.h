// Decoder-only language models: GPT-2 (Radford et al. 2019) and the Llama family (Touvron et al.
// 2023), by configuration.
//
// B batch, T tokens, C width, V vocabulary.
#pragma once

#include <optional>
#include <vector>

#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct GptConfig {
  int64_t vocab = 0;
  int64_t context = 1024;  ///< the longest sequence
  int64_t width = 768, heads = 12, layers = 12;
  int64_t hidden = 0;      ///< of the feed-forward parts; 0: 4 width
  int64_t kv_heads = 0;    ///< 0: heads
  int64_t head_width = 0;  ///< 0: width / heads
  double dropout = 0;
  bool bias = true;
  std::optional<bool> qkv_bias = {};  ///< of the projections to queries, keys, values; none: bias
  std::optional<bool> out_bias = {};  ///< of attention's last projection; none: bias
  bool rms = false;                   ///< RMSNorm instead of LayerNorm
  double eps = 1e-5;
  Activation act = [](const Tensor& x) { return gelu_tanh(x); };
  bool gated = false;  ///< a gate in the feed-forward parts: SwiGLU with silu
  /// Experts in place of each feed-forward part, and how much their balance counts in loss(), while
  /// training.
  std::optional<MixtureOptions> mixture = {};
  double balance = 0.01;
  std::optional<RopeOptions> rope = {};  ///< instead of learned positions
  std::optional<double> scale = {};      ///< of the scores; 1 / sqrt(head_width) when not given
  bool scale_by_layer = false;           ///< scores of layer i, from 0, are divided by i + 1
  int64_t window = 0;  ///< a token sees itself and the window - 1 before it; 0: all before it
  bool tied = true;    ///< the embedding gives the logits, too
  bool head = true;    ///< false: the result is the last hidden state, [B, T, C]
};

/// Logits of the next token after each. Weights start as GPT-2's: normal with 0.02, those of the
/// last projection of each part divided by sqrt(2 layers).
class Gpt {
 public:
  Gpt(Scope at, const GptConfig& config);

  /// i64 [B, T] to logits [B, T, V]. `seen` names padding, by lengths or a mask [B, 1, 1, T].
  /// Throws ValueError for more tokens than the context.
  Tensor operator()(const Tensor& ids, const AttentionOptions& seen = {}) const;
  /// The same of tokens that follow those in the caches, one for each layer: what caches() makes.
  Tensor operator()(const Tensor& ids, std::vector<KvCache>& caches) const;
  /// The same with the weights of every layer that seen.weights_of asks for, and the balance of
  /// experts.
  Encoded attend(const Tensor& ids, const AttentionOptions& seen) const;
  /// The mean cross entropy of targets [B, T]; those of -100 do not count. In training the balance
  /// of experts is added. Throws ValueError for a model without a head.
  Tensor loss(const Tensor& ids, const Tensor& targets) const;

  std::vector<KvCache> caches() const;
  const GptConfig& config() const { return config_; }
  /// Where its parameters are.
  const Scope& scope() const { return at_; }

 private:
  template <class Layers>
  Tensor run(const Tensor& ids, int64_t start, AttentionOptions seen, const Layers& layers) const;

  Scope at_;
  GptConfig config_;
  Embedding token_;
  std::optional<LearnedPositions> position_;
  Dropout dropout_;
  std::vector<EncoderLayer> layers_;
  Norm norm_;
  std::optional<Linear> head_;
};

}  // namespace tapehead::nn
