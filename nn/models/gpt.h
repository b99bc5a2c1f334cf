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
  int64_t hidden = 0;    ///< of the feed-forward parts; 0: 4 width
  int64_t kv_heads = 0;  ///< 0: heads
  double dropout = 0;
  bool bias = true;
  bool rms = false;  ///< RMSNorm instead of LayerNorm
  double eps = 1e-5;
  Activation act = [](const Tensor& x) { return gelu_tanh(x); };
  bool gated = false;                    ///< a gate in the feed-forward parts: SwiGLU with silu
  std::optional<RopeOptions> rope = {};  ///< instead of learned positions
  bool tied = true;                      ///< the embedding gives the logits, too
};

/// Logits of the next token after each. Weights start as GPT-2's: normal with 0.02, those of the
/// last projection of each part divided by sqrt(2 layers).
class Gpt {
 public:
  Gpt(Scope at, const GptConfig& config);

  /// i64 [B, T] to logits [B, T, V]. Throws ValueError for more tokens than the context.
  Tensor operator()(const Tensor& ids) const;
  /// The same of tokens that follow those in the caches, one for each layer: what caches() makes.
  Tensor operator()(const Tensor& ids, std::vector<KvCache>& caches) const;
  /// The mean cross entropy of targets [B, T]; those of -100 do not count.
  Tensor loss(const Tensor& ids, const Tensor& targets) const;

  std::vector<KvCache> caches() const;
  const GptConfig& config() const { return config_; }

 private:
  template <class Layers>
  Tensor run(const Tensor& ids, int64_t start, const Layers& layers) const;

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
