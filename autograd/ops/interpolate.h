// Resizing of signals, images and volumes.
//
// B batch, C channels.
#pragma once

#include <optional>
#include <vector>

#include "tapehead/core/tensor.h"

namespace tapehead {

/// How elements between those of x are computed.
enum class InterpolateMode : uint8_t {
  nearest,        ///< the element at floor(i size / result size), as OpenCV's INTER_NEAREST
  nearest_exact,  ///< the element at floor((i + 1/2) size / result size)
  linear,         ///< for x [B, C, L]
  bilinear,       ///< for x [B, C, H, W]
  bicubic,        ///< for x [B, C, H, W]; cubic convolution with a = -3/4 (Keys 1981)
  trilinear,      ///< for x [B, C, D, H, W]
  area,           ///< means, as adaptive_avg_pool2d()
  lanczos         ///< for x [B, C, H, W], with antialias; a windowed sinc of 6 taps
};
/// The options of interpolate().
struct InterpolateFuncOptions {
  /// The sizes of the result; one value stands for all axes. Either they or factors are given.
  std::vector<int64_t> size = {};
  std::vector<double> scale_factor = {};            ///< result sizes are floor(factor size)
  InterpolateMode mode = InterpolateMode::nearest;  ///< how elements are computed
  /// Whether the corners of x and the result are at the centres of their outermost elements, not at
  /// their outer edges. Only for linear, bilinear, bicubic and trilinear.
  bool align_corners = false;
  /// Whether positions follow from the sizes, even if a scale_factor is given.
  bool recompute_scale_factor = false;
  /// Whether filters grow with the elements of the result where they are larger than those of x.
  /// Only for bilinear, bicubic (then with a = -1/2) and lanczos.
  bool antialias = false;
};
/// Resizes the axes of x [B, C, L], [B, C, H, W] or [B, C, D, H, W] after the channels:
///
///   interpolate(x, {.scale_factor = {2}})
///   interpolate(x, {.size = {32, 48}, .mode = InterpolateMode::bilinear})
///
/// Throws DTypeError unless x is floating, ShapeError for axes that the mode does not fit, and
/// ValueError for options that exclude each other or sizes below 1.
/// Example: interpolate(tensor({{{1.0, 2.0}}}), {.scale_factor = {2}})  // [[[1., 1., 2., 2.]]]
Tensor interpolate(const Tensor& x, const InterpolateFuncOptions& options);

}  // namespace tapehead
