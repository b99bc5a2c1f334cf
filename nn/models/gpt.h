// Decoder-only language models: GPT-2 (Radford et al. 2019) and the Llama family (Touvron et al.
// 2023), by configuration.
//
// B batch, T tokens, C embedding, V vocabulary.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct GptConfig {
  int64_t vocab_size = 0;
  int64_t context = 1024;  ///< the longest sequence
  /// GPT-2's where it is left open: embed_dim 768, num_heads 12, num_layers 12, gelu_tanh, packed
  /// projections; weights normal with std 0.02, of the last projection of each part with
  /// 0.02 / sqrt(2 num_layers). With rope in `attention` there are no learned positions.
  TransformerOptions transformer = {};
  double balance_weight = 0.01;  ///< of the experts' balance_loss in loss(), in training
  bool scale_by_layer = false;   ///< scores of layer i, from 0, are divided by i + 1
  int64_t window = 0;  ///< a token sees itself and the window - 1 before it; 0: all before it
  bool tied = true;    ///< the embedding is the head's weight
  bool head = true;    ///< false: the output is the last hidden state, [B, T, C]
  /// What Hugging Face calls its family, as nn::hf::gpt_config() found it: nn::hf::save() writes
  /// the model as such again. Empty: as the first family that has these options.
  std::string model_type = {};
};

/// The config with every open field filled in.
GptConfig completed(GptConfig config);

/// A causal Transformer over token embeddings, to the logits of the next token after each.
/// Parameters: `token`, `position`, `layers.0` … (EncoderLayer), `norm`, `head`.
class Gpt {
 public:
  Gpt(Scope at, const GptConfig& config);

  /// ids i64 [B, T] to logits [B, T, V]. `options` name padding, by lengths or a mask [B, 1, 1, T].
  /// Throws ValueError for more tokens than the context.
  Tensor operator()(const Tensor& ids, const AttentionOptions& options = {}) const;
  /// The same of the next tokens of sequences, with a cache for each layer: caches() makes them.
  Tensor operator()(const Tensor& ids, std::vector<KvCache>& caches) const;
  /// The same with the attention weights of every layer that options.weights_of asks for, and the
  /// load of the experts.
  EncoderOutput attend(const Tensor& ids, const AttentionOptions& options) const;
  /// The mean cross entropy of targets i64 [B, T]; those of -100 are ignored. In training the
  /// balance_loss of the experts is added. Throws ValueError for a model without a head.
  Tensor loss(const Tensor& ids, const Tensor& targets) const;

  std::vector<KvCache> caches() const;
  /// The config with every field filled in.
  const GptConfig& config() const { return config_; }
  /// Where its parameters are.
  const Scope& scope() const { return at_; }

  Embedding token;
  std::optional<LearnedPositions> position;
  std::vector<EncoderLayer> layers;
  AnyLayer norm, head;  ///< head is empty where the embedding stands for it, or there is none

 private:
  Gpt(Scope at, const GptConfig& config, std::nullptr_t);
  template <class Layers>
  Tensor run(const Tensor& ids, int64_t start, AttentionOptions options,
             const Layers& layers_of) const;

  Scope at_;
  GptConfig config_;
  Dropout dropout_;
};

}  // namespace tapehead::nn
