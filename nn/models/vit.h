// The Vision Transformer: Dosovitskiy et al. 2021.
//
// B batch, N patches, C embedding, T = N + 1 positions (N without a class token).
#pragma once

#include <array>
#include <optional>
#include <string>

#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct VitConfig {
  std::array<int64_t, 2> image_size = {224, 224};  ///< height and width
  std::array<int64_t, 2> patch_size = {16, 16};    ///< which divide those of the image
  int64_t num_channels = 3;
  int64_t num_classes = 0;  ///< 0: no head
  /// ViT-Base's where it is left open: embed_dim 768, num_heads 12, num_layers 12, gelu, norms with
  /// eps 1e-12, packed projections.
  TransformerOptions transformer = {};
  /// Sines and cosines of row and column instead of learned positions.
  bool fixed_positions = false;
  /// The mean of all patches is classified, and there is no class token (Beyer et al. 2022, "Better
  /// plain ViT baselines for ImageNet-1k").
  bool mean_pool = false;
  int64_t pooler = 0;  ///< the size of a layer with tanh before the head; 0: none
  /// Of learned positions and the class token. The authors' 0.02 suits long trainings; a small
  /// model with a short training needs positions as large as the patches' embeddings, 0.5.
  Init position_init = init::normal(0.02);
  std::string model_type = {};  ///< as GptConfig::model_type
};

/// The config with every open field filled in.
VitConfig completed(VitConfig config);

/// An image is cut into patches, which a linear layer embeds; they and a learned class token go
/// through a Transformer encoder, and the class token's output is classified. Parameters: `patch`,
/// `class_token`, `position`, `layers.0` … (EncoderLayer), `norm`, `pooler`, `head`.
class Vit {
 public:
  /// Throws ValueError for patches that do not divide the image.
  Vit(Scope at, const VitConfig& config);

  /// Floating images [B, channels, height, width] to logits [B, num_classes]. Throws ValueError
  /// without a head.
  Tensor operator()(const Tensor& images) const;
  /// The mean cross entropy of labels i64 [B].
  Tensor loss(const Tensor& images, const Tensor& labels, double label_smoothing = 0) const;

  /// The positions after the last norm, [B, T, C], the class token first, with the attention
  /// weights of every layer that options.weights_of asks for.
  EncoderOutput encode(const Tensor& images, const AttentionOptions& options = {}) const;
  /// The input of the head, [B, C] or [B, pooler], from the encoder's output.
  Tensor pooled(const Tensor& encoded) const;
  /// Attention rollout: how much of each patch came to what is classified, [B, rows, columns].
  Tensor rollout(const Tensor& images) const;

  /// The config with every field filled in.
  const VitConfig& config() const { return config_; }
  /// Where its parameters are.
  const Scope& scope() const { return at_; }

  AnyLayer patch;
  Tensor class_token;  ///< [C]
  std::optional<LearnedPositions> position;
  TransformerEncoder encoder;
  AnyLayer pooler, head;  ///< empty without one

 private:
  Vit(Scope at, const VitConfig& config, std::nullptr_t);

  Scope at_;
  VitConfig config_;
  std::array<int64_t, 2> grid_;  // patches: rows and columns
  Dropout dropout_;
};

/// [B, channels, height, width] cut into patches row by row: [B, N, channels height' width'], of
/// patches of [height', width']. Throws ShapeError for other shapes than that, and sizes that the
/// patches do not divide.
Tensor image_patches(const Tensor& images, const std::array<int64_t, 2>& patch_size);

}  // namespace tapehead::nn
