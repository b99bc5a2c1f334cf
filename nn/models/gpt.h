// Decoder-only language models: GPT-2 (Radford et al. 2019), the Llama family (Touvron et al. 2023)
// and others, selected by the config.
//
// B batch, T tokens, C embedding, V vocabulary.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct GptConfig {
  int64_t vocab_size = 0;
  int64_t context = 1024;  ///< maximum number of tokens
  /// Defaults, as in GPT-2: embed_dim 768, num_heads 12, num_layers 12, gelu_tanh, packed_qkv;
  /// weights normal with std 0.02, of the last linear layer of each part 0.02 / sqrt(2 num_layers).
  /// With `attention.rope` there are no learned positions.
  TransformerOptions transformer = {};
  double balance_weight = 0.01;  ///< weight of the experts' balance_loss in loss(), in training
  bool scale_by_layer = false;   ///< attention scores of layer i, from 0, are divided by i + 1
  int64_t window = 0;  ///< tokens that a token attends to, itself included; 0: all before it
  bool tied = true;    ///< the head's weight is that of the token embedding
  bool head = true;    ///< false: the output is the last hidden state, [B, T, C]
  /// Hugging Face's model_type, set by nn::hf::gpt_config() and written by nn::hf::save(). Empty:
  /// the first one that has these options.
  std::string model_type = {};
};

/// Fills in the defaults of all fields that are not set.
GptConfig completed(GptConfig config);

/// A causal Transformer over token embeddings; its output are the logits of the token after each.
/// Parameters: `token.weight`, `position.weight`, `layers.0` … (EncoderLayer, or those of
/// make_layer), `norm`, `head.weight`.
/// Example: nn::Gpt(at, {.vocab_size = 20, .context = 16, .transformer = {.embed_dim = 8,
///     .num_heads = 2, .num_layers = 1}})(tensor({{4, 5, 6}, {7, 8, 9}}))  // shape [2, 3, 20]
class Gpt {
 public:
  Gpt(Scope at, const GptConfig& config);

  /// ids i64 [B, T] to logits [B, T, V]. `options` specify padding, by lengths or by a mask
  /// [B, 1, 1, T]. Throws ShapeError, and ValueError for more tokens than the context.
  Tensor operator()(const Tensor& ids, const AttentionOptions& options = {}) const;
  /// The next tokens of sequences, with a cache for each layer, from caches(). Throws ValueError
  /// for another number of caches, and for a layer that has no operator() with a cache.
  Tensor operator()(const Tensor& ids, std::vector<KvCache>& caches) const;
  /// The same for the last token only: ids i64 [B, T] to logits [B, 1, V]. The head takes a large
  /// part of the time to read a prompt.
  Tensor last_logits(const Tensor& ids, std::vector<KvCache>& caches) const;
  /// The logits with the attention weights of each layer that options.weights_of requests, and the
  /// load of the experts.
  EncoderOutput attend(const Tensor& ids, const AttentionOptions& options) const;
  /// Mean cross entropy of targets i64 [B, T]; targets of -100 are ignored. In training the
  /// experts' balance_loss is added, times balance_weight. Throws ValueError for a model without a
  /// head.
  Tensor loss(const Tensor& ids, const Tensor& targets) const;

  /// A new cache for each layer. Throws ValueError for a layer that has no operator() with one.
  std::vector<KvCache> caches() const;
  /// The config with all defaults filled in.
  const GptConfig& config() const { return config_; }
  /// The scope of its parameters.
  const Scope& scope() const { return at_; }

  Embedding token;
  std::optional<LearnedPositions> position;  ///< none with rope
  std::vector<AnyEncoderLayer> layers;
  AnyLayer norm;     ///< [B, T, C] to [B, T, C]
  AnyLayer head;     ///< Linear at first, [B, T, C] to [B, T, V]; empty if tied, or without a head
  AnyLayer dropout;  ///< of the embeddings

 private:
  Gpt(Scope at, const GptConfig& config, std::nullptr_t);
  template <class Layers>
  Tensor run(const Tensor& ids, int64_t start, AttentionOptions options, const Layers& layers_of,
             bool last = false) const;
  Tensor run(const Tensor& ids, std::vector<KvCache>& caches, bool last) const;

  Scope at_;
  GptConfig config_;
};

}  // namespace tapehead::nn
