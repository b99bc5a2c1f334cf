// Convolutions of 3 x 3 by Winograd's algorithm (kernels/winograd.h).
#pragma once

#include "tapehead/core/detail/convolution.h"

namespace tapehead::core {

/// Whether this is a convolution of 3 x 3 with stride 1 of so many channels and columns that the
/// algorithm is faster, for it and for the gradient of its input.
bool suits_winograd(const ConvShape& shape, DType dtype);

/// convolution() and convolution_input_gradient(). The errors are a small multiple of theirs; an
/// infinity or NaN reaches all results of the 2 x 2 that it is read for.
void winograd_convolution(const ConvShape& shape, const Tensor& x, const Tensor& weight,
                          const Tensor& bias, const Tensor& y);
void winograd_input_gradient(const ConvShape& shape, const Tensor& dy, const Tensor& weight,
                             const Tensor& bias, const Tensor& dx);

}  // namespace tapehead::core
