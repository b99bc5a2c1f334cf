// Maximum pooling of windows at random distances (Graham 2014).
//
// B batch, C channels, D depth, H height, W width.
//
// Inputs are floating, of shape [B, C, H, W] or [B, C, D, H, W], or the same without B. ShapeError
// is thrown for sizes that do not fit, DTypeError for other dtypes, ValueError for options out of
// range.
#pragma once

#include <optional>

#include "tapehead/autograd/ops/order.h"
#include "tapehead/core/expanding_array.h"
#include "tapehead/core/random.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

struct FractionalMaxPool2dFuncOptions {
  OptionalArray<2> output_size = std::nullopt;
  /// Of the sizes of x, in 0..1: `.output_ratio = 0.7`. Either this or output_size is given.
  ExpandingArray<2, std::optional<double>> output_ratio = std::nullopt;
  /// Where windows start, in 0..1: floating [B, C, 2], for the width and the height of each plane;
  /// drawn from the generator if undefined.
  Tensor random_samples = {};
};
struct FractionalMaxPool3dFuncOptions {
  OptionalArray<3> output_size = std::nullopt;
  ExpandingArray<3, std::optional<double>> output_ratio = std::nullopt;
  Tensor random_samples = {};  ///< [B, C, 3], for depth, height and width
};
/// The maxima of windows of x [B, C, H, W] or [C, H, W], floating, at pseudo-random distances of
/// about size / output_size, different for each plane; the last window ends where x does:
///
///   fractional_max_pool2d(x, 2, {.output_ratio = 0.7})
///
/// Example: fractional_max_pool2d(randn({8, 3, 32, 32}), 2, {.output_ratio = 0.7})
///     // shape [8, 3, 22, 22]
Tensor fractional_max_pool2d(const Tensor& x, const ExpandingArray<2>& kernel_size,
                             const FractionalMaxPool2dFuncOptions& options,
                             Generator& generator = default_generator());
/// The same for x [B, C, D, H, W] or [C, D, H, W].
/// Example: fractional_max_pool3d(randn({3, 8, 16, 16}), 2, {.output_size = {5, 9, 9}})
///     // shape [3, 5, 9, 9]
Tensor fractional_max_pool3d(const Tensor& x, const ExpandingArray<3>& kernel_size,
                             const FractionalMaxPool3dFuncOptions& options,
                             Generator& generator = default_generator());
/// The maxima, and their positions in the flattened plane of the channel, i64.
/// Example: fractional_max_pool2d_with_indices(randn({3, 8, 8}), 2, {.output_size = 5}).indices
///     // shape [3, 5, 5]
/// Example: fractional_max_pool3d_with_indices(randn({3, 8, 8, 8}), 2, {.output_size = 5}).indices
///     // shape [3, 5, 5, 5]
ValuesAndIndices fractional_max_pool2d_with_indices(const Tensor& x,
                                                    const ExpandingArray<2>& kernel_size,
                                                    const FractionalMaxPool2dFuncOptions& options,
                                                    Generator& generator = default_generator());
ValuesAndIndices fractional_max_pool3d_with_indices(const Tensor& x,
                                                    const ExpandingArray<3>& kernel_size,
                                                    const FractionalMaxPool3dFuncOptions& options,
                                                    Generator& generator = default_generator());

}  // namespace tapehead
