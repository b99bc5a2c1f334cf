// Normalisation of rows. Nothing here is recorded.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// Rows of n elements, the last of a contiguous tensor x of a floating type.
struct NormRows {
  bool rms;  // rms_norm, whose mean is 0; else layer_norm
  int64_t rows, n;
  Tensor x;
  Tensor weight;  // n elements, or undefined
  Tensor stats;   // mean and rstd of each row

  NormRows(const Tensor& x, int64_t n, const Tensor& weight, bool rms);
  /// The type of what is kept, and of the gradients of weight and bias.
  DType wide() const { return x.dtype() == f64 ? f64 : f32; }
  /// Normalises, and fills stats. The bias may be undefined.
  Tensor forward(const Tensor& bias, double eps);

  struct Gradients {
    Tensor x, weight, bias;  // of the latter two flat, n elements
  };
  /// Those that are wanted.
  Gradients backward(const Tensor& dy, bool of_x, bool of_weight, bool of_bias) const;
};

}  // namespace tapehead::core
