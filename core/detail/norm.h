// Normalisation of rows (layer_norm and rms_norm). Nothing here is recorded.
#pragma once

#include "tapehead/core/tensor.h"

namespace tapehead::core {

/// A contiguous floating tensor x, as rows of its last n elements.
struct NormRows {
  bool rms;  // rms_norm, which takes the mean to be 0; else layer_norm
  int64_t rows, n;
  Tensor x;
  Tensor weight;  // n elements, or undefined
  Tensor stats;   // mean and rstd of each row

  NormRows(const Tensor& x, int64_t n, const Tensor& weight, bool rms);
  /// The dtype of the statistics and of the gradients of weight and bias.
  DType wide() const { return wide_type(x.dtype()); }
  /// Returns the normalised rows and fills in `stats`. The bias may be undefined.
  Tensor forward(const Tensor& bias, double eps);

  struct Gradients {
    Tensor x, weight, bias;  // weight and bias: [n]
  };
  /// Computes the requested gradients; the others are undefined.
  Gradients backward(const Tensor& dy, bool of_x, bool of_weight, bool of_bias) const;
};

}  // namespace tapehead::core
