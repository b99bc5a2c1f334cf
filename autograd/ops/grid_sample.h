// Sampling at the points of a grid.
//
// N batch, C channels, D depth, H height, W width; a prime marks sizes of the result.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead {

/// How elements between those of x are computed.
enum class GridSampleMode : uint8_t {
  bilinear,  ///< trilinear in volumes
  nearest,   ///< halves are rounded to even; the grid receives a gradient of zeros
  bicubic    ///< only images; cubic convolution with a = -3/4 (Keys 1981)
};
/// What lies outside of x.
enum class GridSamplePadding : uint8_t {
  zeros,      ///< elements outside of x are 0
  border,     ///< points outside move to the border
  reflection  ///< points outside are reflected at the borders
};
/// The options of grid_sample().
struct GridSampleFuncOptions {
  GridSampleMode mode = GridSampleMode::bilinear;             ///< between elements
  GridSamplePadding padding_mode = GridSamplePadding::zeros;  ///< outside of x
  /// Whether -1 and 1 are the centres of the outermost elements, not their outer edges.
  bool align_corners = false;
};
/// Samples x [N, C, H, W] at the points of the grid [N, H', W', 2], of coordinates (x, y) in -1..1:
/// [N, C, H', W']. Or samples a volume x [N, C, D, H, W] at the points [N, D', H', W', 3], of
/// coordinates (x, y, z). Both are floating, of one dtype, else DTypeError is thrown.
/// Differentiable with respect to both, any number of times; PyTorch's is once. Throws ShapeError
/// for sizes that do not fit or a size 0 of x, and for planes of 2³¹ or more elements. Jaderberg et
/// al. 2015.
/// Example: grid_sample(tensor({{{{1.0, 3.0}}}}), tensor({{{{0.0, 0.0}}}}))  // [[[[2.]]]]
Tensor grid_sample(const Tensor& x, const Tensor& grid, const GridSampleFuncOptions& options = {});

/// The grid that samples images of `size` [N, C, H, W] after an affine map: theta [N, 2, 3] times
/// (x, y, 1) for each point, [N, H, W, 2]. Or that of volumes [N, C, D, H, W] for theta [N, 3, 4]:
/// [N, D, H, W, 3]. Throws ShapeError for sizes that do not fit, DTypeError unless theta is
/// floating.
/// Example: affine_grid(randn({8, 2, 3}), {8, 3, 16, 24})  // shape [8, 16, 24, 2]
Tensor affine_grid(const Tensor& theta, const Shape& size, bool align_corners = false);

}  // namespace tapehead
