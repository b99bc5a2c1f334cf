// Shape rules of convolutions.
#pragma once

#include "tapehead/core/detail/convolution.h"
#include "tapehead/core/expanding_array.h"

namespace tapehead::detail {

template <int N>
struct ConvOptions {
  ExpandingArray<N> stride;
  ConvPadding<N> padding;
  ExpandingArray<N> dilation;
  int64_t groups;
  ExpandingArray<N> output_padding;
};

/// Checks the operands of a convolution over N axes, x with or without an axis for the batch.
/// Throws ShapeError, DTypeError and ValueError, naming `op`.
template <int N>
core::ConvShape conv_shape(const char* op, const Tensor& x, const Tensor& weight,
                           const Tensor& bias, const ConvOptions<N>& options);
/// Likewise for a transposed convolution: the shape of the convolution whose results x has.
template <int N>
core::ConvShape conv_transpose_shape(const char* op, const Tensor& x, const Tensor& weight,
                                     const Tensor& bias, const ConvOptions<N>& options);

/// The shapes of result, input and weight; those of the operands have as many axes.
Shape result_shape(const core::ConvShape& shape, const Shape& input);
Shape input_shape(const core::ConvShape& shape, const Shape& result);
Shape weight_shape(const core::ConvShape& shape, int rank);

}  // namespace tapehead::detail
