// Convolutions over one to three axes, in PyTorch's layout.
//
// B batch, C channels, O output channels, L length, D depth, H height, W width, k kernel sizes.
//
// Inputs may be unbatched, as [C, L]; so is the result then. All operands are floating; f64 is
// computed in f64, others in f32. A result has
//
//   floor((size + padding - dilation (k - 1) - 1) / stride) + 1
//
// elements along an axis, where the padding is that of both ends. ShapeError is thrown if a result
// would be empty, and for sizes that do not fit; ValueError for options out of range, and for
// kSame with a stride.
#pragma once

#include "tapehead/core/expanding_array.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

struct Conv1dFuncOptions {
  ExpandingArray<1> stride = 1;
  ConvPadding<1> padding = 0;  ///< zeros at both ends, or kValid or kSame
  ExpandingArray<1> dilation = 1;
  int64_t groups = 1;  ///< divides C and O; group i of the channels makes group i of the result
};
struct Conv2dFuncOptions {
  ExpandingArray<2> stride = 1;
  ConvPadding<2> padding = 0;
  ExpandingArray<2> dilation = 1;
  int64_t groups = 1;
};
struct Conv3dFuncOptions {
  ExpandingArray<3> stride = 1;
  ConvPadding<3> padding = 0;
  ExpandingArray<3> dilation = 1;
  int64_t groups = 1;
};
/// x [B, C, L], weight [O, C / groups, k], bias [O] or undefined: [B, O, L'].
/// Example: conv1d(randn({8, 4, 100}), randn({16, 4, 5}), {}, {.stride = 2})  // shape [8, 16, 48]
Tensor conv1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const Conv1dFuncOptions& options = {});
/// x [B, C, H, W], weight [O, C / groups, kH, kW], bias [O] or undefined: [B, O, H', W'].
/// Example: conv2d(randn({8, 3, 32, 32}), randn({16, 3, 3, 3}), randn({16}), {.padding = kSame})
///     // shape [8, 16, 32, 32]
Tensor conv2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const Conv2dFuncOptions& options = {});
/// x [B, C, D, H, W], weight [O, C / groups, kD, kH, kW], bias [O] or undefined: [B, O, D', H',
/// W'].
/// Example: conv3d(randn({2, 3, 8, 16, 16}), randn({4, 3, 3, 3, 3}))  // shape [2, 4, 6, 14, 14]
Tensor conv3d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
              const Conv3dFuncOptions& options = {});

// Transposed convolutions: the gradients of convolutions with respect to their inputs, with these
// options. A result has (size - 1) stride - 2 padding + dilation (k - 1) + output_padding + 1
// elements along an axis.

struct ConvTranspose1dFuncOptions {
  ExpandingArray<1> stride = 1;
  ExpandingArray<1> padding = 0;
  ExpandingArray<1> output_padding = 0;  ///< less than the larger of stride and dilation
  int64_t groups = 1;
  ExpandingArray<1> dilation = 1;
};
struct ConvTranspose2dFuncOptions {
  ExpandingArray<2> stride = 1;
  ExpandingArray<2> padding = 0;
  ExpandingArray<2> output_padding = 0;
  int64_t groups = 1;
  ExpandingArray<2> dilation = 1;
};
struct ConvTranspose3dFuncOptions {
  ExpandingArray<3> stride = 1;
  ExpandingArray<3> padding = 0;
  ExpandingArray<3> output_padding = 0;
  int64_t groups = 1;
  ExpandingArray<3> dilation = 1;
};
/// x [B, C, L], weight [C, O / groups, k], bias [O] or undefined: [B, O, L'].
/// Example: conv_transpose1d(randn({8, 16, 48}), randn({16, 4, 5}), {}, {.stride = 2})
///     // shape [8, 4, 99]
Tensor conv_transpose1d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTranspose1dFuncOptions& options = {});
/// x [B, C, H, W], weight [C, O / groups, kH, kW], bias [O] or undefined: [B, O, H', W'].
/// Example: conv_transpose2d(randn({8, 16, 7, 7}), randn({16, 3, 4, 4}), {}, {.stride = 2,
///     .padding = 1})  // shape [8, 3, 14, 14]
Tensor conv_transpose2d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTranspose2dFuncOptions& options = {});
/// x [B, C, D, H, W], weight [C, O / groups, kD, kH, kW], bias [O] or undefined: [B, O, D', H',
/// W'].
/// Example: conv_transpose3d(randn({2, 4, 3, 3, 3}), randn({4, 2, 2, 2, 2}), {}, {.stride = 2})
///     // shape [2, 2, 6, 6, 6]
Tensor conv_transpose3d(const Tensor& x, const Tensor& weight, const Tensor& bias = {},
                        const ConvTranspose3dFuncOptions& options = {});

}  // namespace tapehead
