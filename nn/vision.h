// Layers without parameters that resize images or rearrange their elements: `nn::PixelShuffle{2}`.
#pragma once

#include <cstdint>
#include <vector>

#include "tapehead/autograd/ops/fold.h"
#include "tapehead/autograd/ops/interpolate.h"
#include "tapehead/autograd/ops/pixel_shuffle.h"

namespace tapehead::nn {

/// interpolate(): `nn::Upsample{{.scale_factor = {2}, .mode = InterpolateMode::bilinear}}`.
struct Upsample {
  InterpolateFuncOptions options;
  Tensor operator()(const Tensor& x) const { return interpolate(x, options); }
};

struct UpsamplingOptions {  // either of both; one value stands for all axes
  std::vector<int64_t> size = {};
  std::vector<double> scale_factor = {};
};
/// Upsample of images [B, C, H, W] to nearest elements: `nn::UpsamplingNearest2d{{.size = {8}}}`.
struct UpsamplingNearest2d {
  UpsamplingOptions options;
  Tensor operator()(const Tensor& x) const;
};
/// Bilinear upsample of images with aligned corners.
struct UpsamplingBilinear2d {
  UpsamplingOptions options;
  Tensor operator()(const Tensor& x) const;
};

/// pixel_shuffle(): [..., C r², H, W] to [..., C, H r, W r].
struct PixelShuffle {
  int64_t upscale_factor;
  Tensor operator()(const Tensor& x) const { return pixel_shuffle(x, upscale_factor); }
};
/// pixel_unshuffle(): [..., C, H r, W r] to [..., C r², H, W].
struct PixelUnshuffle {
  int64_t downscale_factor;
  Tensor operator()(const Tensor& x) const { return pixel_unshuffle(x, downscale_factor); }
};
/// channel_shuffle() of x [B, C, ...].
struct ChannelShuffle {
  int64_t groups;
  Tensor operator()(const Tensor& x) const { return channel_shuffle(x, groups); }
};

/// unfold(): windows of x [B, C, H, W] as columns: `nn::Unfold{3, {.padding = 1}}`.
struct Unfold {
  ExpandingArray<2> kernel_size;
  UnfoldFuncOptions options = {};
  Tensor operator()(const Tensor& x) const { return unfold(x, kernel_size, options); }
};
/// fold(): sums columns [B, C K, L] into images: `nn::Fold{{4, 5}, 2}`.
struct Fold {
  ExpandingArray<2> output_size, kernel_size;
  FoldFuncOptions options = {};
  Tensor operator()(const Tensor& x) const { return fold(x, output_size, kernel_size, options); }
};

}  // namespace tapehead::nn
