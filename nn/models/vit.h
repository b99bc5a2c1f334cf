// The Vision Transformer: Dosovitskiy et al. 2021.
//
// B batch, N patches, C width, T = N + 1 positions (N without a class token).
#pragma once

#include <array>
#include <optional>

#include "tapehead/nn/transformer.h"

namespace tapehead::nn {

struct VitConfig {
  std::array<int64_t, 2> image = {224, 224};  ///< height and width
  std::array<int64_t, 2> patch = {16, 16};    ///< which divide those of the image
  int64_t channels = 3;
  int64_t classes = 0;  ///< 0: no head
  int64_t width = 768, heads = 12, layers = 12;
  int64_t hidden = 0;  ///< of the feed-forward parts; 0: 4 width
  double dropout = 0;
  double eps = 1e-12;
  Activation act = [](const Tensor& x) { return gelu(x); };
  bool qkv_bias = true;
  /// Sines and cosines of row and column instead of learned positions.
  bool fixed_positions = false;
  /// The mean of all patches is classified, and there is no class token (Beyer et al. 2022, "Better
  /// plain ViT baselines for ImageNet-1k").
  bool mean_pool = false;
  int64_t pooler = 0;                  ///< the width of a layer with tanh before the head; 0: none
  Init init = init::xavier_uniform();  ///< of projections
  /// Of learned positions and the class token. The authors' 0.02 suits long trainings; a small
  /// model that is to learn soon wants positions as large as what it sees, 0.5.
  Init position_init = init::normal(0.02);
};

/// An image is cut into patches, which a linear layer embeds; they and a learned class token go
/// through pre-norm layers, and what becomes of the class token is classified.
class Vit {
 public:
  /// Throws ValueError for patches that do not divide the image.
  Vit(Scope at, const VitConfig& config);

  /// Floating images [B, channels, height, width] to logits [B, classes]. Throws ValueError without
  /// a head.
  Tensor operator()(const Tensor& images) const;
  /// The mean cross entropy of labels i64 [B].
  Tensor loss(const Tensor& images, const Tensor& labels, double label_smoothing = 0) const;

  /// The positions after the last norm, [B, T, C], the class token first, with the weights of every
  /// layer that seen.weights_of asks for.
  Encoded encode(const Tensor& images, const AttentionOptions& seen = {}) const;
  /// What the head reads, [B, C] or [B, pooler], of the encoder's result.
  Tensor pooled(const Tensor& encoded) const;
  /// Attention rollout: how much of each patch came to what is classified, [B, rows, columns].
  Tensor rollout(const Tensor& images) const;

  const VitConfig& config() const { return config_; }
  /// Where its parameters are.
  const Scope& scope() const { return at_; }

 private:
  Scope at_;
  VitConfig config_;
  std::array<int64_t, 2> grid_;  // patches: rows and columns
  Linear patch_;
  Tensor class_token_;
  std::optional<LearnedPositions> position_;
  Dropout dropout_;
  TransformerEncoder encoder_;
  std::optional<Linear> pooler_, head_;
};

/// [B, channels, height, width] cut into patches row by row: [B, N, channels height' width'], of
/// patches of [height', width']. Throws ShapeError for other shapes than that, and sizes that the
/// patches do not divide.
Tensor image_patches(const Tensor& images, const std::array<int64_t, 2>& patch);

}  // namespace tapehead::nn
