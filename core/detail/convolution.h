// Convolutions over up to three axes and their gradients. Nothing here is recorded.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// The sizes of a convolution of x [batch, groups * in, sizes...] with a weight
/// [groups * out, in, kernel...] to y [batch, groups * out, results...]:
///
///   y[o, i] = sum_ck w[o, c, k] x[c, i stride + k dilation - padding]
///
/// where x is 0 outside of its sizes. The sizes and results are at least 1.
struct ConvShape {
  struct Axis {
    int64_t size = 1, kernel = 1, stride = 1, dilation = 1;
    int64_t padding = 0;  // in front; what is needed after the end follows from the result
    int64_t result = 1;
  };
  int64_t batch, groups, in, out;  // in, out: channels of a group
  Axis axis[3];                    // depth, height, width; unused ones come first
};

// All tensors are contiguous and of the same type, f32 or f64; a bias may be undefined. Results do
// not depend on the number of threads.

/// Writes y, plus bias [groups * out].
void convolution(const ConvShape& shape, const Tensor& x, const Tensor& weight, const Tensor& bias,
                 const Tensor& y);
/// Writes the gradient dx for dy, plus bias [groups * in]: a transposed convolution.
void convolution_input_gradient(const ConvShape& shape, const Tensor& dy, const Tensor& weight,
                                const Tensor& bias, const Tensor& dx);
/// The gradient of the weight.
Tensor convolution_weight_gradient(const ConvShape& shape, const Tensor& x, const Tensor& dy);

}  // namespace tapehead::core
