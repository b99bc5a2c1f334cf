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
/// over H and W. x is floating and may lack B. Throws ShapeError if x is smaller than a window, and
/// ValueError for options out of range. Not to be confused with the windows along one axis, which
/// are a view: unfold(x, axis, size, step) of ops/strided.h.
Tensor unfold(const Tensor& x, const ExpandingArray<2>& kernel_size,
              const UnfoldFuncOptions& options = {});

struct FoldFuncOptions {
  ExpandingArray<2> dilation = 1;
  ExpandingArray<2> padding = 0;
  ExpandingArray<2> stride = 1;
};
/// The images [B, C, output_size[0], output_size[1]] whose elements are the sums of those that
/// unfold() would copy from them to x [B, C kernel_size[0] kernel_size[1], L]; x may lack B. Throws
/// ShapeError if x does not have as many rows and columns.
Tensor fold(const Tensor& x, const ExpandingArray<2>& output_size,
            const ExpandingArray<2>& kernel_size, const FoldFuncOptions& options = {});

}  // namespace tapehead
