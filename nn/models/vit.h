// The Vision Transformer: Dosovitskiy et al. 2021.
//
// B batch, N patches, C embedding, T positions: N + 1, or N without a class token.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct VitConfig {
  std::array<int64_t, 2> image_size = {224, 224};  ///< height and width
  std::array<int64_t, 2> patch_size = {16, 16};    ///< height and width, divisors of the image's
  int64_t num_channels = 3;                        ///< of an image
  int64_t num_classes = 0;                         ///< 0: no head
  /// Defaults, as in ViT-Base: embed_dim 768, num_heads 12, num_layers 12, gelu, norm.eps 1e-12,
  /// packed_qkv.
  TransformerOptions transformer = {};
  bool fixed_positions = false;  ///< sinusoidal_positions_2d() instead of learned positions
  /// The input of the head is the mean over all patches, and there is no class token (Beyer et al.
  /// 2022, "Better plain ViT baselines for ImageNet-1k").
  bool mean_pool = false;
  int64_t pooler = 0;  ///< size of a linear layer with tanh before the head; 0: none
  /// Of learned positions and the class token. The authors' std is 0.02; small models with short
  /// training learn better from about 0.5, the scale of the patch embeddings.
  Init position_init = init::normal(0.02);
  std::string model_type = {};  ///< as GptConfig::model_type
};

/// Fills in the defaults of all fields that are not set.
VitConfig completed(VitConfig config);

/// A Transformer encoder over linear embeddings of the patches of an image and a learned class
/// token, whose output is classified. Parameters: `patch`, `class_token`, `position.weight`,
/// `layers.0` … (EncoderLayer, or those of make_layer), `norm`, `pooler`, `head`.
/// Example: nn::Vit(at, {.image_size = {8, 8}, .patch_size = {4, 4}, .num_classes = 10,
///     .transformer = {.embed_dim = 8, .num_heads = 2, .num_layers = 1}})(rand({2, 3, 8, 8}))
///     // shape [2, 10]
class Vit {
 public:
  /// Throws ValueError if patch_size does not divide image_size.
  Vit(Scope at, const VitConfig& config);

  /// images [B, channels, height, width], floating, to logits [B, num_classes]. Throws ShapeError,
  /// and ValueError without a head.
  Tensor operator()(const Tensor& images) const;
  /// Mean cross entropy of labels i64 [B].
  Tensor loss(const Tensor& images, const Tensor& labels, double label_smoothing = 0) const;

  /// The output of the last norm, [B, T, C], the class token first, with the attention weights of
  /// each layer that options.weights_of requests.
  EncoderOutput encode(const Tensor& images, const AttentionOptions& options = {}) const;
  /// The input of the head, [B, C] or [B, pooler], for the output of encode().
  Tensor pooled(const Tensor& encoded) const;
  /// attention_rollout() from the patches to the input of the head, [B, rows, columns].
  Tensor rollout(const Tensor& images) const;

  /// The config with all defaults filled in.
  const VitConfig& config() const { return config_; }
  /// The scope of its parameters.
  const Scope& scope() const { return at_; }

  AnyLayer patch;      ///< Linear at first, [B, N, channels height' width'] to [B, N, C]
  Tensor class_token;  ///< [C]; undefined with mean_pool
  std::optional<LearnedPositions> position;  ///< none with fixed_positions
  TransformerEncoder encoder;
  AnyLayer pooler;   ///< Linear at first, [B, C] to [B, pooler]; empty without one
  AnyLayer head;     ///< Linear at first, to [B, num_classes]; empty without one
  AnyLayer dropout;  ///< of the embeddings

 private:
  Vit(Scope at, const VitConfig& config, std::nullptr_t);

  Scope at_;
  VitConfig config_;
  std::array<int64_t, 2> grid_;  // patches: rows and columns
};

/// Cuts images [B, channels, height, width] into patches of patch_size [height', width'], row by
/// row: [B, N, channels height' width']. Throws ShapeError for other shapes, and if patch_size does
/// not divide the image.
/// Example: nn::image_patches(rand({2, 3, 8, 8}), {4, 4})  // shape [2, 4, 48]
Tensor image_patches(const Tensor& images, const std::array<int64_t, 2>& patch_size);

}  // namespace tapehead::nn
