// Residual networks: He et al. 2016, "Deep Residual Learning for Image Recognition".
//
// B batch, H height, W width, h and w those of the grid of regions, M channels of the last stage.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tapehead/nn/any_layer.h"
#include "tapehead/nn/params.h"

namespace tapehead::nn {

/// The block of two convolutions of 3×3, or the bottleneck of 1×1, 3×3 (which has the stride) and
/// 1×1 with a quarter of the channels inside. Parameters: `conv1`, `bn1`, `conv2`, `bn2`, of a
/// bottleneck `conv3` and `bn3`; `downsample.0` and `downsample.1` where the sizes of input and
/// output differ.
/// Example: nn::ResidualBlock(at, 8, 16, {.stride = 2})(randn({2, 8, 6, 6}))
///     // shape [2, 16, 3, 3]
class ResidualBlock {
 public:
  /// How a block differs from the plain one.
  struct Options {
    int64_t stride = 1;       ///< of one convolution of 3×3, and of `downsample`
    bool bottleneck = false;  ///< three convolutions rather than two
  };
  /// Throws ValueError for a bottleneck whose out_channels are no multiple of 4.
  ResidualBlock(const Scope& at, int64_t in_channels, int64_t out_channels, const Options& options);

  /// Maps x [B, in_channels, H, W] to [B, out_channels, H / stride, W / stride], rounded up.
  Tensor operator()(const Tensor& x) const;

  AnyLayer conv1, conv2, conv3, norm1, norm2, norm3;  ///< the third are empty without bottleneck
  AnyLayer downsample;                                ///< empty where x is added as it is
};

/// The defaults are those of ResNet-18; ResNet-34 has `.blocks = {3, 4, 6, 3}`, ResNet-50 the same
/// with `.channels = {256, 512, 1024, 2048}` and `.bottleneck = true`.
struct ResNetConfig {
  int64_t num_channels = 3;                             ///< of an image
  int64_t num_classes = 0;                              ///< 0: no head
  std::vector<int64_t> blocks = {2, 2, 2, 2};           ///< of each stage
  std::vector<int64_t> channels = {64, 128, 256, 512};  ///< that the blocks of each stage return
  bool bottleneck = false;                              ///< as ResidualBlock::Options::bottleneck
  int64_t stem_channels = 64;                           ///< of the first convolution
  /// A first convolution of 3×3 with stride 1 and no pooling, as the paper's networks for CIFAR
  /// have; else 7×7 with stride 2 and a maximum over 3×3 with stride 2.
  bool small_images = false;
  int64_t stem_stride = 0;  ///< of the first convolution; 0: 1 for small_images, else 2
};

/// Stages of residual blocks, of which all but the first halve height and width. Encodes an image
/// as a vector, or as a grid of regions that attention looks at. Parameters, as in torchvision,
/// whose weights it loads: `conv1`, `bn1`, `layer1.0` …, `layer2.0` …, `fc`.
/// Example: nn::ResNet(at, {.blocks = {1, 1}, .channels = {8, 16}, .stem_channels = 8,
///     .small_images = true}).regions(rand({2, 3, 12, 12}))  // shape [2, 36, 16]
class ResNet {
 public:
  /// Throws ValueError for sizes below 1, a negative stem_stride, and if blocks and channels differ
  /// in length.
  ResNet(const Scope& at, const ResNetConfig& config);

  /// images [B, num_channels, H, W], floating, to logits [B, num_classes]: a linear function of the
  /// mean over the last stage's positions. Throws ShapeError, and ValueError without a head.
  Tensor operator()(const Tensor& images) const;
  /// The output of each stage, [B, C, H', W'], as torchvision's or timm's feature extractors give.
  /// Throws ShapeError unless the images are [B, num_channels, H, W].
  std::vector<Tensor> stage_features(const Tensor& images) const;
  /// The output of the last stage, [B, M, h, w]. Throws as stage_features().
  Tensor features(const Tensor& images) const;
  /// The same, row by row: [B, h w, M]. Throws as stage_features().
  Tensor regions(const Tensor& images) const;
  /// h and w for images of a height and width.
  std::array<int64_t, 2> grid(int64_t height, int64_t width) const;

  const ResNetConfig& config() const { return config_; }

  AnyLayer conv1, norm1;                           ///< the first convolution and its norm
  std::vector<std::vector<ResidualBlock>> stages;  ///< the blocks of each stage
  AnyLayer head;  ///< Linear at first, [B, M] to [B, num_classes]; empty without one

 private:
  ResNetConfig config_;
};

}  // namespace tapehead::nn
