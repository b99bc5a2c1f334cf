// Layers without parameters that resize images or rearrange their elements: `nn::PixelShuffle{2}`.
#pragma once

#include <cstdint>
#include <vector>

#include "tapehead/autograd/ops/fold.h"
#include "tapehead/autograd/ops/interpolate.h"
#include "tapehead/autograd/ops/pixel_shuffle.h"

namespace tapehead::nn {

/// interpolate(): `nn::Upsample{{.scale_factor = {2}, .mode = InterpolateMode::bilinear}}`.
/// Example: nn::Upsample{{.scale_factor = {2}}}(randn({8, 3, 16, 16}))  // shape [8, 3, 32, 32]
struct Upsample {
  InterpolateFuncOptions options;
  Tensor operator()(const Tensor& x) const { return interpolate(x, options); }
};

/// The options of UpsamplingNearest2d and UpsamplingBilinear2d: either of both; one value stands
/// for both axes.
struct UpsamplingOptions {
  std::vector<int64_t> size = {};         ///< of the result
  std::vector<double> scale_factor = {};  ///< result sizes are floor(factor size)
};
/// Upsample of images [B, C, H, W] to nearest elements.
/// Example: nn::UpsamplingNearest2d{{.size = {8}}}(randn({2, 3, 5, 5}))  // shape [2, 3, 8, 8]
struct UpsamplingNearest2d {
  UpsamplingOptions options;
  Tensor operator()(const Tensor& x) const;
};
/// Bilinear upsample of images with aligned corners.
/// Example: nn::UpsamplingBilinear2d{{.size = {8}}}(randn({2, 3, 5, 5}))  // shape [2, 3, 8, 8]
struct UpsamplingBilinear2d {
  UpsamplingOptions options;
  Tensor operator()(const Tensor& x) const;
};

/// pixel_shuffle(): [..., C r², H, W] to [..., C, H r, W r].
/// Example: nn::PixelShuffle{2}(randn({8, 12, 16, 16}))  // shape [8, 3, 32, 32]
struct PixelShuffle {
  int64_t upscale_factor;  ///< r
  Tensor operator()(const Tensor& x) const { return pixel_shuffle(x, upscale_factor); }
};
/// pixel_unshuffle(): [..., C, H r, W r] to [..., C r², H, W].
/// Example: nn::PixelUnshuffle{2}(randn({8, 3, 32, 32}))  // shape [8, 12, 16, 16]
struct PixelUnshuffle {
  int64_t downscale_factor;  ///< r
  Tensor operator()(const Tensor& x) const { return pixel_unshuffle(x, downscale_factor); }
};
/// channel_shuffle() of x [B, C, ...].
/// Example: nn::ChannelShuffle{2}(randn({8, 6, 16, 16}))  // shape [8, 6, 16, 16]
struct ChannelShuffle {
  int64_t groups;  ///< of channels
  Tensor operator()(const Tensor& x) const { return channel_shuffle(x, groups); }
};

/// unfold(): windows of x [B, C, H, W] as columns.
/// Example: nn::Unfold{3, {.padding = 1}}(randn({8, 2, 16, 16}))  // shape [8, 18, 256]
struct Unfold {
  ExpandingArray<2> kernel_size;  ///< of the windows
  UnfoldFuncOptions options = {};
  Tensor operator()(const Tensor& x) const { return unfold(x, kernel_size, options); }
};
/// fold(): sums columns [B, C K, L] into images.
/// Example: nn::Fold{{4, 5}, 2}(randn({8, 12, 12}))  // shape [8, 3, 4, 5]
struct Fold {
  ExpandingArray<2> output_size, kernel_size;
  FoldFuncOptions options = {};
  Tensor operator()(const Tensor& x) const { return fold(x, output_size, kernel_size, options); }
};

}  // namespace tapehead::nn
