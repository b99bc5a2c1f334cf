// Pooling of windows over one to three axes, in PyTorch's layout.
//
// B batch, C channels, L length, D depth, H height, W width.
//
// Inputs are floating and have shape [B, C, L], [B, C, H, W] or [B, C, D, H, W], or the same
// without B; so has the result. It has
//
//   floor((size + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1
//
// elements along an axis; with ceil_mode, the quotient is rounded up, unless the last window would
// start in the padding after the end. ShapeError is thrown if a result would be empty, and for
// sizes that do not fit; ValueError for options out of range, such as a padding of more than half
// the kernel.
#pragma once

#include <optional>

#include "tapehead/autograd/ops/order.h"
#include "tapehead/core/expanding_array.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

struct MaxPool1dFuncOptions {
  OptionalArray<1> stride = std::nullopt;  ///< default: kernel_size
  ExpandingArray<1> padding = 0;           ///< with -infinity
  ExpandingArray<1> dilation = 1;
  bool ceil_mode = false;
};
struct MaxPool2dFuncOptions {
  OptionalArray<2> stride = std::nullopt;
  ExpandingArray<2> padding = 0;
  ExpandingArray<2> dilation = 1;
  bool ceil_mode = false;
};
struct MaxPool3dFuncOptions {
  OptionalArray<3> stride = std::nullopt;
  ExpandingArray<3> padding = 0;
  ExpandingArray<3> dilation = 1;
  bool ceil_mode = false;
};
/// The maximum of each window. Of equal elements, the first receives the gradient; a window with
/// NaN has the maximum NaN. (ops/max_pool.cpp)
/// Example: max_pool1d(tensor({{1.0, 3.0, 2.0, 5.0}}), 2)  // [[3., 5.]]
/// Example: max_pool2d(randn({8, 3, 32, 32}), {3, 2}, {.stride = 2})  // shape [8, 3, 15, 16]
/// Example: max_pool3d(randn({2, 3, 8, 16, 16}), 2)  // shape [2, 3, 4, 8, 8]
Tensor max_pool1d(const Tensor& x, const ExpandingArray<1>& kernel_size,
                  const MaxPool1dFuncOptions& options = {});
Tensor max_pool2d(const Tensor& x, const ExpandingArray<2>& kernel_size,
                  const MaxPool2dFuncOptions& options = {});
Tensor max_pool3d(const Tensor& x, const ExpandingArray<3>& kernel_size,
                  const MaxPool3dFuncOptions& options = {});
/// The maxima, and their positions in the flattened plane of the channel, i64.
/// Example: max_pool1d_with_indices(tensor({{1.0, 3.0, 2.0, 5.0}}), 2)  // [[3., 5.]]; [[1, 3]]
/// Example: max_pool2d_with_indices(randn({8, 3, 32, 32}), 2)
///     // shape [8, 3, 16, 16]; [8, 3, 16, 16]
/// Example: max_pool3d_with_indices(randn({3, 8, 16, 16}), 2).indices  // shape [3, 4, 8, 8]
ValuesAndIndices max_pool1d_with_indices(const Tensor& x, const ExpandingArray<1>& kernel_size,
                                         const MaxPool1dFuncOptions& options = {});
ValuesAndIndices max_pool2d_with_indices(const Tensor& x, const ExpandingArray<2>& kernel_size,
                                         const MaxPool2dFuncOptions& options = {});
ValuesAndIndices max_pool3d_with_indices(const Tensor& x, const ExpandingArray<3>& kernel_size,
                                         const MaxPool3dFuncOptions& options = {});

struct AvgPool1dFuncOptions {
  OptionalArray<1> stride = std::nullopt;  ///< default: kernel_size
  ExpandingArray<1> padding = 0;           ///< with zeros
  bool ceil_mode = false;
  bool count_include_pad = true;  ///< whether the padding counts as elements of the mean
};
struct AvgPool2dFuncOptions {
  OptionalArray<2> stride = std::nullopt;
  ExpandingArray<2> padding = 0;
  bool ceil_mode = false;
  bool count_include_pad = true;
  std::optional<int64_t> divisor_override = {};  ///< instead of the number of elements
};
struct AvgPool3dFuncOptions {
  OptionalArray<3> stride = std::nullopt;
  ExpandingArray<3> padding = 0;
  bool ceil_mode = false;
  bool count_include_pad = true;
  std::optional<int64_t> divisor_override = {};
};
/// The mean of each window. (ops/avg_pool.cpp)
/// Example: avg_pool1d(tensor({{1.0, 3.0, 2.0, 6.0}}), 2)  // [[2., 4.]]
/// Example: avg_pool2d(randn({8, 3, 32, 32}), 3, {.stride = 2, .padding = 1})
///     // shape [8, 3, 16, 16]
/// Example: avg_pool3d(randn({2, 3, 8, 16, 16}), 2)  // shape [2, 3, 4, 8, 8]
Tensor avg_pool1d(const Tensor& x, const ExpandingArray<1>& kernel_size,
                  const AvgPool1dFuncOptions& options = {});
Tensor avg_pool2d(const Tensor& x, const ExpandingArray<2>& kernel_size,
                  const AvgPool2dFuncOptions& options = {});
Tensor avg_pool3d(const Tensor& x, const ExpandingArray<3>& kernel_size,
                  const AvgPool3dFuncOptions& options = {});

struct LPPool1dFuncOptions {
  OptionalArray<1> stride = std::nullopt;  ///< default: kernel_size
  bool ceil_mode = false;
};
struct LPPool2dFuncOptions {
  OptionalArray<2> stride = std::nullopt;
  bool ceil_mode = false;
};
struct LPPool3dFuncOptions {
  OptionalArray<3> stride = std::nullopt;
  bool ceil_mode = false;
};
/// (sum x^p)^(1/p) over each window, for p = norm_type; as in PyTorch, without absolute values, and
/// scaled up for windows that ceil_mode lets end outside. The gradient of a window of zeros is NaN
/// or infinite. Throws ValueError for norm_type = 0. (ops/avg_pool.cpp)
/// Example: lp_pool1d(tensor({{3.0, 4.0, 0.0, 2.0}}), 2, 2)  // [[5., 2.]]
/// Example: lp_pool2d(randn({8, 3, 32, 32}), 2, 2)  // shape [8, 3, 16, 16]
/// Example: lp_pool3d(randn({2, 3, 8, 8, 8}), 2, 2)  // shape [2, 3, 4, 4, 4]
Tensor lp_pool1d(const Tensor& x, double norm_type, const ExpandingArray<1>& kernel_size,
                 const LPPool1dFuncOptions& options = {});
Tensor lp_pool2d(const Tensor& x, double norm_type, const ExpandingArray<2>& kernel_size,
                 const LPPool2dFuncOptions& options = {});
Tensor lp_pool3d(const Tensor& x, double norm_type, const ExpandingArray<3>& kernel_size,
                 const LPPool3dFuncOptions& options = {});

// Adaptive pooling: result i of n along an axis takes the indices floor(i size / n) to
// ceil((i + 1) size / n) - 1. An output size std::nullopt keeps the size of the axis.

/// Means. (ops/avg_pool.cpp)
/// Example: adaptive_avg_pool1d(tensor({{1.0, 3.0, 2.0, 6.0}}), 2)  // [[2., 4.]]
/// Example: adaptive_avg_pool2d(randn({8, 64, 7, 9}), 1)  // shape [8, 64, 1, 1]
/// Example: adaptive_avg_pool3d(randn({2, 3, 8, 16, 16}), {4, std::nullopt, 2})
///     // shape [2, 3, 4, 16, 2]
Tensor adaptive_avg_pool1d(const Tensor& x, const OptionalArray<1>& output_size);
Tensor adaptive_avg_pool2d(const Tensor& x, const OptionalArray<2>& output_size);
Tensor adaptive_avg_pool3d(const Tensor& x, const OptionalArray<3>& output_size);
/// Maxima. (ops/max_pool.cpp)
/// Example: adaptive_max_pool1d(tensor({{1.0, 3.0, 2.0, 6.0}}), 2)  // [[3., 6.]]
/// Example: adaptive_max_pool2d(randn({8, 64, 7, 9}), {3, 3})  // shape [8, 64, 3, 3]
/// Example: adaptive_max_pool3d(randn({2, 3, 8, 16, 16}), 4)  // shape [2, 3, 4, 4, 4]
Tensor adaptive_max_pool1d(const Tensor& x, const OptionalArray<1>& output_size);
Tensor adaptive_max_pool2d(const Tensor& x, const OptionalArray<2>& output_size);
Tensor adaptive_max_pool3d(const Tensor& x, const OptionalArray<3>& output_size);
/// The maxima, and their positions in the flattened plane of the channel, i64.
/// Example: adaptive_max_pool1d_with_indices(tensor({{1.0, 3.0, 2.0, 6.0}}), 2)
///     // [[3., 6.]]; [[1, 3]]
/// Example: adaptive_max_pool2d_with_indices(randn({3, 7, 9}), 2)  // shape [3, 2, 2]; [3, 2, 2]
/// Example: adaptive_max_pool3d_with_indices(randn({3, 8, 9, 9}), 2).indices  // shape [3, 2, 2, 2]
ValuesAndIndices adaptive_max_pool1d_with_indices(const Tensor& x,
                                                  const OptionalArray<1>& output_size);
ValuesAndIndices adaptive_max_pool2d_with_indices(const Tensor& x,
                                                  const OptionalArray<2>& output_size);
ValuesAndIndices adaptive_max_pool3d_with_indices(const Tensor& x,
                                                  const OptionalArray<3>& output_size);

struct MaxUnpool1dFuncOptions {
  OptionalArray<1> stride = std::nullopt;  ///< default: kernel_size
  ExpandingArray<1> padding = 0;
  /// Default: (size - 1) stride - 2 padding + kernel_size; it may differ by less than the stride.
  OptionalArray<1> output_size = std::nullopt;
};
struct MaxUnpool2dFuncOptions {
  OptionalArray<2> stride = std::nullopt;
  ExpandingArray<2> padding = 0;
  OptionalArray<2> output_size = std::nullopt;
};
struct MaxUnpool3dFuncOptions {
  OptionalArray<3> stride = std::nullopt;
  ExpandingArray<3> padding = 0;
  OptionalArray<3> output_size = std::nullopt;
};
/// The partial inverse of max_pool1d_with_indices: stores each element of x at its index in a plane
/// of zeros; of equal indices, the last one counts. Throws IndexError, naming the first, for an
/// index outside of the plane. (ops/max_pool.cpp)
/// Example: max_unpool1d(tensor({{3.0, 5.0}}), tensor({{1, 3}}), 2)  // [[0., 3., 0., 5.]]
/// Example: const auto [y, at_max] = max_pool2d_with_indices(randn({3, 8, 8}), 2);
///     max_unpool2d(y, at_max, 2)  // shape [3, 8, 8]
/// Example: const auto [y, at_max] = max_pool3d_with_indices(randn({3, 4, 4, 4}), 2);
///     max_unpool3d(y, at_max, 2)  // shape [3, 4, 4, 4]
Tensor max_unpool1d(const Tensor& x, const Tensor& indices, const ExpandingArray<1>& kernel_size,
                    const MaxUnpool1dFuncOptions& options = {});
Tensor max_unpool2d(const Tensor& x, const Tensor& indices, const ExpandingArray<2>& kernel_size,
                    const MaxUnpool2dFuncOptions& options = {});
Tensor max_unpool3d(const Tensor& x, const Tensor& indices, const ExpandingArray<3>& kernel_size,
                    const MaxUnpool3dFuncOptions& options = {});

}  // namespace tapehead
