// The windows of images as columns of a matrix, and back.
//
// B batch, C channels, H height, W width, L windows.
#pragma once

#include "tapehead/core/expanding_array.h"
#include "tapehead/core/tensor.h"

namespace tapehead {

struct UnfoldFuncOptions {
  ExpandingArray<2> dilation = 1;
  ExpandingArray<2> padding = 0;  ///< with zeros
  ExpandingArray<2> stride = 1;
};
/// The elements of each window of x [B, C, H, W] in a column of the result,
/// [B, C kernel_size[0] kernel_size[1], L], where L is the product of
///
///   floor((size + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1
///
/// over H and W. x may lack B. Throws DTypeError unless x is floating, ShapeError if it is smaller
/// than a window, and ValueError for options out of range. Not to be confused with the windows
/// along one axis, which are a view: unfold(x, axis, size, step) of ops/strided.h.
/// Example: unfold(randn({8, 3, 16, 16}), 3, {.padding = 1})  // shape [8, 27, 256]
Tensor unfold(const Tensor& x, const ExpandingArray<2>& kernel_size,
              const UnfoldFuncOptions& options = {});

struct FoldFuncOptions {
  ExpandingArray<2> dilation = 1;
  ExpandingArray<2> padding = 0;
  ExpandingArray<2> stride = 1;
};
/// The images [B, C, output_size[0], output_size[1]] whose elements are the sums of those that
/// unfold() would copy from them to x [B, C kernel_size[0] kernel_size[1], L]; x may lack B. Throws
/// ShapeError if x does not have as many rows and columns, DTypeError unless it is
/// floating, and ValueError for options out of range.
/// Example: fold(tensor({{1.0, 2.0}, {10.0, 20.0}}), {1, 3}, {1, 2})  // [[[1., 12., 20.]]]
Tensor fold(const Tensor& x, const ExpandingArray<2>& output_size,
            const ExpandingArray<2>& kernel_size, const FoldFuncOptions& options = {});

}  // namespace tapehead
